// `node script/stack.mjs <log`: prints its input, with lines of dist/ replaced by the lines of the sources.
import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, "dist");
// file:///app/dist/runner.js:12:345, with or without file://. Whatever folder the build ran in, the source maps are those of this checkout.
const PLACE = /(?:file:\/\/)?[^\s()]*\/dist\/([\w-]+\.c?js):(\d+):(\d+)/g;
const maps = new Map();

process.stdout.write(
  readFileSync(0, "utf8").replaceAll(PLACE, (whole, file, line, column) => {
    const { fileName, lineNumber, columnNumber } = mapOf(file)?.findOrigin(Number(line), Number(column)) ?? {};
    if (fileName === undefined) return whole;
    return `${relative(root, resolve(dist, fileName.replace(/^file:\/\//, "")))}:${lineNumber}:${columnNumber}`;
  }),
);

function mapOf(file) {
  if (!maps.has(file)) maps.set(file, read(`${file}.map`));
  return maps.get(file);
}

function read(name) {
  try {
    return new SourceMap(JSON.parse(readFileSync(join(dist, name), "utf8")));
  } catch {
    return null; // The position is not in this build.
  }
}
