// Holds GeoJSON files against RFC 7946 with check-geojson, which shares nothing with what wrote them; prints the number of features of each.
// Usage: node check.js FILE...

import { readFileSync } from "node:fs";

import { check } from "@placemarkio/check-geojson";

const counts = process.argv.slice(2).map((file) => check(readFileSync(file, "utf8")).features.length);
process.stdout.write(JSON.stringify(counts));
