// An esbuild plugin: `new URL("relative/path", import.meta.url)` in a source keeps its meaning in dist/. Runs on Node 18.
import { cpSync, existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";

const PATTERN = /new URL\(\s*"([^":]+)",\s*import\.meta\.url,?\s*\)/g;
const ASSETS = "assets";

/**
 * A URL of an entry's source becomes the URL of its built file; one of a file in bin/ still leads there. Any other file or folder is copied to `assets/` in the
 * output. All built files lie in one folder, so the new URL is the same in each of them.
 * @param {{root: string, outdir: string, entries: readonly {name: string, source: string}[]}} options
 */
export function urls({ root, outdir, entries }) {
  const built = new Map(entries.map(({ name, source }) => [join(root, source), `./${name}.js`]));
  const ours = [join(root, "apps") + sep, join(root, "packages") + sep];
  return {
    name: "urls",
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        if (!ours.some((folder) => path.startsWith(folder))) return undefined;
        const text = readFileSync(path, "utf8");
        if (!text.includes("import.meta.url")) return undefined;
        const errors = [];
        const contents = text.replaceAll(PATTERN, (whole, target) => {
          const file = resolve(dirname(path), target);
          if (!existsSync(file)) {
            errors.push({ text: `${relative(root, path)} names ${relative(root, file)}, which is missing` });
            return whole;
          }
          return `new URL("${built.get(file) ?? kept(file, root) ?? copied(file, outdir)}", import.meta.url)`;
        });
        return { contents, loader: "ts", errors };
      });
    },
  };
}

/** bin/ lies beside dist/ wherever tac8 is installed. */
function kept(file, root) {
  const path = relative(root, file).split(sep).join("/");
  return path.startsWith("bin/") ? `../${path}` : undefined;
}

function copied(file, outdir) {
  const folder = statSync(file).isDirectory();
  // "@bull-board/ui" and "client/live.js" alike: the last two parts of a path tell assets apart.
  const name = join(basename(dirname(file)).replace("@", ""), basename(file));
  mkdirSync(join(outdir, ASSETS, dirname(name)), { recursive: true });
  cpSync(file, join(outdir, ASSETS, name), { recursive: true, dereference: true });
  return `./${[ASSETS, ...name.split(sep)].join("/")}${folder ? "/" : ""}`;
}
