// An esbuild plugin: `new URL("relative/path", import.meta.url)` in a source keeps its meaning in dist/. Runs on Node 18.
import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import { fileOf } from "./entries.mjs";

const PATTERN = /new URL\(\s*"([^":]+)",\s*import\.meta\.url,?\s*\)/g;
const ASSETS = "assets";

/**
 * Rewrite URLs of files. The URL of an entry's source becomes the URL of its built file, and the URL of a file in bin/ still leads to
 * that file. Every other file or folder is copied to `assets/` in the output, and added to `assets`. All built files are in one
 * folder, so a URL is the same in each of them.
 * @param {{root: string, outdir: string, entries: readonly {name: string, source: string, commonJs?: boolean}[], assets: Set<string>}} options
 *   `assets`: paths relative to the root
 */
export function urls({ root, outdir, entries, assets }) {
  const built = new Map(entries.map((entry) => [entry.source, `./${fileOf(entry)}`]));
  const ours = [join(root, "apps") + sep, join(root, "packages") + sep];

  function urlOf(path) {
    if (built.has(path)) return built.get(path);
    if (path.startsWith("bin/")) return `../${path}`; // bin/ is beside dist/ in every installation.
    if (!existsSync(join(root, path))) throw new Error(`${path}, which is missing`);
    const name = assetName(path);
    const other = [...assets].find((asset) => asset !== path && assetName(asset) === name);
    if (other !== undefined) throw new Error(`${path}, which has the asset name of ${other}`);
    assets.add(path);
    mkdirSync(join(outdir, ASSETS, dirname(name)), { recursive: true });
    cpSync(join(root, path), join(outdir, ASSETS, name), { recursive: true, dereference: true });
    return `./${ASSETS}/${name}`;
  }

  return {
    name: "urls",
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        if (!ours.some((folder) => path.startsWith(folder))) return undefined;
        const text = readFileSync(path, "utf8");
        if (!text.includes("import.meta")) return undefined;
        const importer = relative(root, path);
        const errors = [];
        const contents = text.replaceAll(PATTERN, (_, target) => {
          try {
            return `new URL("${urlOf(join(dirname(importer), target))}", __MODULE__)`;
          } catch (error) {
            errors.push({ text: `${importer} names ${error.message}` });
            return "";
          }
        });
        if (/\bimport\.meta\b/.test(contents)) {
          errors.push({ text: `${importer} uses import.meta otherwise than in new URL("literal", import.meta.url)` });
        }
        return { contents: contents.replaceAll("__MODULE__", "import.meta.url"), loader: "ts", errors };
      });
    },
  };
}

/** Return the last two parts of a path, such as "@bull-board/ui" (without its @) or "client/live.js". */
function assetName(path) {
  return join(basename(dirname(path)).replace("@", ""), basename(path))
    .split(sep)
    .join("/");
}
