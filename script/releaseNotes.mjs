// `node script/releaseNotes.mjs v0.2.0`: prints the section of CHANGELOG.md about that version, which must be the one of package.json.
import { readFileSync } from "node:fs";

/**
 * @param {{tag: string, version: string, changelog: string}} of
 * @throws Error of one line, when the tag is not that of the version, or the changelog has no such section
 */
export function releaseNotes({ tag, version, changelog }) {
  if (tag !== `v${version}`) throw new Error(`the tag ${tag} is not v${version}, the version in package.json`);
  const [, ...sections] = changelog.split(/^## /m);
  const section = sections.find((one) => one.startsWith(`[${version}]`) || one.startsWith(`${version} `));
  if (section === undefined) throw new Error(`CHANGELOG.md has no section "## ${version}"`);
  return section.slice(section.indexOf("\n")).trim();
}

if (import.meta.main ?? process.argv[1]?.endsWith("/releaseNotes.mjs")) {
  const read = (path) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
  const { version } = JSON.parse(read("package.json"));
  try {
    process.stdout.write(`${releaseNotes({ tag: process.argv[2] ?? "", version, changelog: read("CHANGELOG.md") })}\n`);
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
