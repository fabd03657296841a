// Writes src/api/schema.d.ts from docs/openapi.yaml; with --check it only tells
// whether that is fresh.
import { readFileSync, writeFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";

const source = new URL("../../../../docs/openapi.yaml", import.meta.url);
const target = new URL("../src/api/schema.d.ts", import.meta.url);

const tree = await openapiTS(source, {
  // The description says that answers may gain fields, and that Go's lists may
  // be null. Of the first nothing here makes use; the second is made true where
  // answers are read (src/api/queries.ts).
  transform(schema) {
    if (schema.additionalProperties === true) delete schema.additionalProperties;
    if (Array.isArray(schema.type) && schema.type.length === 2 && schema.type.includes("array")) schema.type = "array";
    return undefined;
  },
});
const text = "// Made by npm run api from docs/openapi.yaml. Do not edit.\n\n" + astToString(tree);
if (!process.argv.includes("--check")) {
  writeFileSync(target, text);
} else if (readFileSync(target, "utf8") !== text) {
  console.error("src/api/schema.d.ts does not fit docs/openapi.yaml; run make gen");
  process.exit(1);
}
