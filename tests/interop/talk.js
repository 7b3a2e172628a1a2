// Makes a plan, follows it, designs a link, lists modes and provokes an error, with nothing but the .proto files; prints one JSON document.
// Usage: node talk.js ADDRESS PROTOS SCENARIO_FOLDER

import { randomUUID } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";

import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";
import protobuf from "protobufjs";

const [address, protos, folder] = process.argv.slice(2);
const includeDirs = [protos, join(protos, "third_party")];
const files = [
  "topodesign/v1/planning_service.proto",
  "topodesign/v1/scenario_service.proto",
  "topodesign/v1/optics_service.proto",
  "google/longrunning/operations.proto",
  "google/rpc/status.proto",
  "google/rpc/error_details.proto",
];

const definition = loader.loadSync(files, { includeDirs, keepCase: true, longs: Number, enums: String, oneofs: true });
const root = new protobuf.Root();
root.resolvePath = (origin, target) => {
  for (const directory of includeDirs) {
    try {
      readFileSync(join(directory, target));
      return join(directory, target);
    } catch {
      continue;
    }
  }
  return protobuf.util.path.resolve(origin, target);
};
root.loadSync(files, { keepCase: true });

const api = grpc.loadPackageDefinition(definition);
const credentials = grpc.credentials.createInsecure();
const planning = new api.topodesign.v1.PlanningService(address, credentials);
const scenarios = new api.topodesign.v1.ScenarioService(address, credentials);
const optics = new api.topodesign.v1.OpticsService(address, credentials);
const operations = new api.google.longrunning.Operations(address, credentials);

const call = (client, method, request) => promisify(client[method].bind(client))(request);

function unpack(any) {
  const type = root.lookupType(any.type_url.split("/").pop());
  return type.toObject(type.decode(any.value), { enums: String, longs: Number });
}

const content = Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));
const stored = await call(scenarios, "CreateScenario", { files: { files: content } });
const started = await call(planning, "CreatePlan", {
  scenario_name: stored.name,
  limits: { time_limit_s: 60 },
  request_id: randomUUID(),
});

let operation = started;
while (!operation.done) {
  await pause(100);
  operation = await call(operations, "GetOperation", { name: started.name });
}
const metadata = unpack(operation.metadata);

const sequences = [];
for await (const entry of planning.WatchPlan({ name: metadata.plan })) {
  sequences.push(entry.sequence);
}

const link = await call(optics, "DesignLink", { length_km: 500, capacity_gbps: 1e6 });
const modes = await call(optics, "ListModes", { page_size: 2 });

const refused = await call(planning, "CreatePlan", {
  scenario: { ...stored.scenario, sites: stored.scenario.sites.map((site) => ({ ...site, lat: 95 })) },
}).then(
  () => null,
  (error) => error,
);
const status = root
  .lookupType("google.rpc.Status")
  .decode(refused.metadata.get("grpc-status-details-bin")[0]);

console.log(
  JSON.stringify({
    operation: started.name,
    state: metadata.state,
    stored: unpack(operation.response),
    sequences,
    link,
    modes,
    refused: { code: refused.code, details: status.details.map(unpack) },
  }),
);
