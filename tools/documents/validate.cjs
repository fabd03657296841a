// Validates a document: node validate.cjs cyclonedx|spdx|sarif FILE.
//
// It exits with 1 and says what is wrong with the document, or with 2 if it
// could not look. What it needs is installed by scripts/tools, where NODE_PATH
// must point to.
"use strict";

const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const maxProblems = 20;

// cyclonedx asks the validator of the CycloneDX project's own library.
async function cyclonedx(text) {
  const { Spec, Validation } = require("@cyclonedx/cyclonedx-library");
  const problems = await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text);
  return problems === null ? [] : [].concat(problems);
}

// spdx goes by a schema and by the rules that no schema can express: what is
// referred to exists, what is named is named once.
async function spdx(text) {
  const problems = schema(path.join(__dirname, "spdx-2.3.schema.json"), text);
  if (problems.length > 0) {
    return problems;
  }
  const doc = JSON.parse(text);
  const ids = new Set([doc.SPDXID]);
  for (const p of doc.packages) {
    if (ids.has(p.SPDXID)) {
      problems.push(`${p.SPDXID} is taken`);
    }
    ids.add(p.SPDXID);
  }
  for (const r of doc.relationships) {
    for (const id of [r.spdxElementId, r.relatedSpdxElement]) {
      if (!ids.has(id)) {
        problems.push(`a relationship with ${id}, which is not there`);
      }
    }
  }
  if (!doc.relationships.some((r) => r.spdxElementId === doc.SPDXID && r.relationshipType === "DESCRIBES")) {
    problems.push("the document describes nothing");
  }
  const licences = new Set();
  for (const l of doc.hasExtractedLicensingInfos ?? []) {
    if (licences.has(l.licenseId)) {
      problems.push(`${l.licenseId} is taken`);
    }
    licences.add(l.licenseId);
  }
  for (const p of doc.packages) {
    for (const ref of `${p.licenseDeclared} ${p.licenseConcluded}`.match(/LicenseRef-[A-Za-z0-9.-]+/g) ?? []) {
      if (!licences.has(ref)) {
        problems.push(`${p.SPDXID} refers to ${ref}, which is not there`);
      }
    }
  }
  return problems;
}

// sarif goes by the schema and by the rules of Microsoft's validator, which
// exists for one kind of machine.
async function sarif(text, file) {
  const dir = path.dirname(require.resolve("@microsoft/sarif-multitool-linux/package.json"));
  const problems = schema(path.join(dir, "sarif-2.1.0.json"), text);
  if (os.platform() !== "linux" || os.arch() !== "x64") {
    return problems;
  }
  const output = `${file}.validation`;
  const run = spawnSync(path.join(dir, "Sarif.Multitool"), ["validate", "--log", "ForceOverwrite", "-o", output, file], {
    // Without this it needs ICU.
    env: { ...process.env, DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: "1" },
    encoding: "utf8",
  });
  if (run.error || !fs.existsSync(output)) {
    throw new Error(`the validator did not run: ${run.error ?? run.stdout + run.stderr}`);
  }
  const log = JSON.parse(fs.readFileSync(output, "utf8").replace(/^\uFEFF/, ""));
  fs.rmSync(output);
  for (const r of log.runs[0].results ?? []) {
    if (r.level === "error" || r.level === "warning" || r.level === undefined) {
      problems.push(r);
    }
  }
  for (const n of log.runs[0].invocations?.[0]?.toolExecutionNotifications ?? []) {
    if (n.level === "error") {
      problems.push(n);
    }
  }
  return problems;
}

// schema validates a text against a JSON schema of draft 7 or 2020-12.
function schema(file, text) {
  const definition = JSON.parse(fs.readFileSync(file, "utf8").replace(/^\uFEFF/, ""));
  const Ajv = require(definition.$schema.includes("2020-12") ? "ajv/dist/2020" : "ajv").default;
  const ajv = new Ajv({ allErrors: true, strict: false });
  require("ajv-formats").default(ajv);
  require("ajv-formats-draft2019")(ajv);
  const validate = ajv.compile(definition);
  validate(JSON.parse(text));
  return validate.errors ?? [];
}

async function main([format, file]) {
  const validator = { cyclonedx, spdx, sarif }[format];
  if (!validator || !file) {
    throw new Error("usage: node validate.cjs cyclonedx|spdx|sarif FILE");
  }
  const problems = await validator(fs.readFileSync(file, "utf8"), file);
  for (const p of problems.slice(0, maxProblems)) {
    console.log(typeof p === "string" ? p : JSON.stringify(p).slice(0, 1000));
  }
  if (problems.length > 0) {
    console.log(`${problems.length} problems`);
  }
  return problems.length > 0 ? 1 : 0;
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (err) => {
    console.error(err.message);
    process.exit(2);
  },
);
