"""Every call of the service, a function each: arguments of the domain in, a :class:`~topodesign.client.call.Call` out.

Their docstrings are those of the clients' methods, whose results they tell of.
"""
