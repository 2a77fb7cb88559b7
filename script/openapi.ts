// Regenerates packages/sandbox/fixtures/openapi.json: GitHub's description of the operations that the sandbox answers.
// Run it when the sandbox has a new route, or for a newer description. In a temporary folder:
//   npm pack @octokit/openapi@23.0.2
//   tar -xzf octokit-openapi-23.0.2.tgz package/generated/api.github.com.json
// and then here:
//   npx node script/openapi.ts <that folder>/package/generated/api.github.com.json
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { OPERATIONS } from "@tac8/sandbox/github/routes/table";
import { prune, type Description } from "./openapi/prune.ts";

const [source] = process.argv.slice(2);
const file = join(import.meta.dirname, "../packages/sandbox/fixtures/openapi.json");

if (source === undefined) {
  process.stderr.write("usage: npx node script/openapi.ts <api.github.com.json of @octokit/openapi>\n");
  process.exitCode = 2;
} else {
  const pruned = prune(JSON.parse(await readFile(source, "utf8")) as Description, OPERATIONS);
  // Prettier breaks only the lines that are too long when its input has no line breaks.
  const text = await format(JSON.stringify(pruned), { ...(await resolveConfig(file)), filepath: file });
  await writeFile(file, text);
  process.stdout.write(`wrote ${file}: ${OPERATIONS.length} operations, ${text.length} characters\n`);
}
