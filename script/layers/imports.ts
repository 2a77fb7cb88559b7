import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";

/** One file that imports another file of the same package; both paths are relative to the package's source folder. */
export type Import = { from: string; to: string };

const IMPORT = /(?:\bfrom\s+|\bimport\s+|\bimport\(\s*)"(\.[^"\n]+)"/g;
const SOURCE = /\.(ts|mjs|js)$/;
const TEST = /\.(test|fixture)\.|(^|\/)testing\//;

/** Return the imports between source files below `root`. Tests and their fixtures are left out. */
export function readImports(root: string): Import[] {
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).map((file) => file.replaceAll(sep, "/"));
  return files
    .filter((file) => SOURCE.test(file) && !TEST.test(file))
    .sort()
    .flatMap((from) => importsOf(readFileSync(join(root, from), "utf8"), from));
}

/** Return what the text of the file `from` imports by a relative path. Imports of types count. */
export function importsOf(text: string, from: string): Import[] {
  return [...text.matchAll(IMPORT)]
    .map(([, path = ""]) => relative(".", join(dirname(from), path)).replaceAll(sep, "/"))
    .filter((to) => !to.startsWith("../"))
    .map((to) => ({ from, to }));
}
