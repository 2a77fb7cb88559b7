// `npm run docs`: writes config.example.toml and the tables of docs/configuration.md from the schema, docs/failures.md from
// the tables of failures, docs/json.md from the schemas of the commands, and the table of metrics of docs/monitoring.md. With --check it writes nothing, and fails if one of them is out of date.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exampleFile, withConfigTables } from "@tac8/core/config/document";
import { failuresPage } from "./failuresPage.ts";
import { metricsTable } from "../apps/board/src/metrics/table.ts";
import { jsonPage } from "../apps/cli/src/json/page.ts";

const root = join(import.meta.dirname, "..");
const check = process.argv.includes("--check");

update("config.example.toml", exampleFile);
update("docs/configuration.md", withConfigTables);
update("docs/failures.md", failuresPage);
update("docs/json.md", jsonPage);
update("docs/monitoring.md", (page) => {
  const [begin, end] = ["<!-- metrics:begin -->", "<!-- metrics:end -->"];
  return page.replace(new RegExp(`${begin}[^]*${end}`), () => `${begin}\n\n${metricsTable()}\n\n${end}`);
});

function update(name: string, make: (old: string) => string): void {
  const path = join(root, name);
  const old = existsSync(path) ? readFileSync(path, "utf8") : "";
  const fresh = make(old);
  if (fresh === old) return;
  if (check) {
    process.stderr.write(`${name} is out of date: run npm run docs\n`);
    process.exitCode = 1;
    return;
  }
  writeFileSync(path, fresh);
  process.stdout.write(`wrote ${name}\n`);
}
