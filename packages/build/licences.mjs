// The licences of the packages whose code is in dist/. Runs on Node 18.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const INSIDE = /^((?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+))(?:\/|$)/;
const FILE = /^(licen[cs]e|copying|notice)/i;

/**
 * @param {{root: string, inputs: readonly string[]}} options `inputs`: paths of bundled files, relative to the root
 * @returns {string} one section per package: its name, version, licence, and the text of its licence files
 */
export function licences({ root, inputs }) {
  const folders = new Map();
  for (const input of inputs) {
    const [, folder, name] = INSIDE.exec(input) ?? [];
    if (name !== undefined) folders.set(folder, name);
  }
  const sections = [...folders]
    .sort(([, a], [, b]) => (a < b ? -1 : 1))
    .map(([folder, name]) => section(join(root, folder), name));
  return ["tac8 contains code of these packages.", ...new Set(sections)].join("\n\n");
}

function section(folder, name) {
  const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const texts = readdirSync(folder)
    .filter((file) => FILE.test(file) && !/\.[cm]?[jt]s$/.test(file))
    .sort()
    .map((file) => readFileSync(join(folder, file), "utf8").trim());
  return [`${"-".repeat(78)}\n${name} ${version} (${license ?? "licence not stated"})`, ...texts].join("\n\n");
}
