// Bundles the programs of tac8 into dist/. Runs on Node 18.
import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build as bundle, formatMessages, stop } from "esbuild";
import { ENTRIES, TARGET } from "./entries.mjs";
import { MINIMUM } from "../../bin/lib/node.mjs";
import { builtFrom, fingerprint, sources } from "./fingerprint.mjs";
import { licences } from "./licences.mjs";
import { processesFrom } from "./running.mjs";
import { replace, stagingFolder } from "./staging.mjs";
import { urls } from "./urls.mjs";

// The bundle is an ES module, but the CommonJS packages in it call `require`, and some need their own path. Each process keeps its
// program file open, because the process title no longer contains its name: see running.mjs.
// An older Node prints the required version instead of a stack. The `tac8` command finds a newer Node, `node dist/runner.js` does not.
const [MAJOR, MINOR] = MINIMUM.split(".").map(Number);
const OLD = `tac8 needs Node ${MINIMUM} or newer, and this is "+process.version+": start it with the tac8 command, or install Node ${MINIMUM} or newer (https://nodejs.org)`;
const MINIMUM_CHECK = `{const[a,b]=process.versions.node.split(".").map(Number);if(a<${MAJOR}||a===${MAJOR}&&b<${MINOR}){process.stderr.write("${OLD}\\n");process.exit(78)}}`;
const KEPT_OPEN = 'globalThis.__tac8Program ??= require("node:fs").openSync(__filename);';
const BANNER = [
  MINIMUM_CHECK,
  `import { createRequire as __createRequire } from "node:module";`,
  `const require = __createRequire(import.meta.url);`,
  KEPT_OPEN.replace("__filename", "import.meta.filename"),
].join("");
// The sources are written for strict mode. esbuild's own directive would come after the banner, where it has no effect.
const COMMON_JS_BANNER = `"use strict";${MINIMUM_CHECK}${KEPT_OPEN}`;

/**
 * Build into a new folder, then replace `dist/` by it. A build that fails leaves the old `dist/` unchanged.
 * @param {{root: string, entries?: typeof ENTRIES}} options `root`: the checkout
 * @throws Error when a source cannot be bundled, or a tac8 is running from the old `dist/`
 */
export async function build({ root, entries = ENTRIES }) {
  const dist = join(root, "dist");
  refuseWhileRunning(dist);
  const before = fingerprint(root);
  // At the same depth as dist/, because source maps contain relative paths.
  const outdir = stagingFolder(root, "dist");
  const attic = stagingFolder(root, "dist");
  chmodSync(outdir, 0o755); // Another user may run the built programs.
  try {
    const assets = new Set();
    const metafiles = await all(entries.map((entry) => bundleEntry(entry, { root, outdir, entries, assets })));
    const inputs = [...assets, ...metafiles.flatMap((metafile) => Object.keys(metafile.inputs))];
    checkSources(inputs, root);
    writeFileSync(join(outdir, "THIRD-PARTY-LICENCES.txt"), `${licences({ root, inputs })}\n`);
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    writeFileSync(join(outdir, "build.json"), `${JSON.stringify({ version, fingerprint: before })}\n`);
    if (builtFrom(root) === before && entries === ENTRIES) return; // Another build of the same sources finished first.
    refuseWhileRunning(dist);
    replace({ fresh: outdir, place: dist, previous: join(attic, "dist") });
  } finally {
    for (const folder of [outdir, attic]) rmSync(folder, { recursive: true, force: true });
    await stop(); // Otherwise the bundler's process would stay until this one ends, with hundreds of MB of memory.
  }
}

/** Check that the fingerprint covers every source: a change of another file would not cause a new build. */
function checkSources(inputs, root) {
  const known = new Set(sources(root));
  const missed = inputs.filter((path) => !path.includes("node_modules/") && !known.has(path));
  if (missed.length > 0) throw new Error(`these sources are not in fingerprint.mjs: ${missed.join(", ")}`);
}

function refuseWhileRunning(dist) {
  const [pid] = processesFrom(dist);
  if (pid === undefined) return;
  throw new Error(`dist/ cannot be built again while a tac8 runs from ${dist} (process ${pid}): stop that first`);
}

/** @returns esbuild's metafile, which lists the sources of each output file */
export async function bundleEntry(
  { name, source, split = false, executable = false, commonJs = false },
  { root, outdir, entries, assets },
) {
  const { metafile, warnings } = await bundle({
    absWorkingDir: root,
    entryPoints: [{ in: source, out: name }],
    outdir,
    bundle: true,
    splitting: split,
    chunkNames: `${name}-[name]-[hash]`,
    platform: "node",
    format: commonJs ? "cjs" : "esm",
    outExtension: { ".js": commonJs ? ".cjs" : ".js" },
    target: TARGET,
    conditions: ["node"],
    sourcemap: "linked",
    sourcesContent: false,
    legalComments: "none",
    // A process keeps the text of its program in memory. Names are not minified, so that a stack is readable without source maps.
    minifyWhitespace: true,
    minifySyntax: true,
    metafile: true,
    logLevel: "silent",
    banner: { js: executable ? `#!/usr/bin/env node\n${BANNER}` : commonJs ? COMMON_JS_BANNER : BANNER },
    plugins: [urls({ root, outdir, entries, assets })],
  });
  if (warnings.length > 0) throw new Error((await formatMessages(warnings, { kind: "warning" })).join("\n"));
  if (executable) chmodSync(join(outdir, `${name}.js`), 0o755);
  return metafile;
}

/** Like Promise.all, but throws only after every promise has settled. */
async function all(works) {
  const results = await Promise.allSettled(works);
  const failed = results.find(({ status }) => status === "rejected");
  if (failed) throw failed.reason;
  return results.map(({ value }) => value);
}
