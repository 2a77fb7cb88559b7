// Adds to package-lock.json what `npm install` leaves out: optional packages for other platforms (`@turbo/darwin-64` …) that
// a partial registry does not have, and the checksums of packages that npm did not download. `npm ci` rejects a lockfile
// without these packages. It also removes `engines` of optional packages, because npm silently skips one that does not support the
// Node that runs npm: with the Node 18 of Debian 12, rolldown and oxlint, which the Node of this lockfile runs, would lack their binaries.
// Run it after `npm install`: node script/complete-lockfile.mjs
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

const OS = { android: "android", darwin: "darwin", freebsd: "freebsd", linux: "linux", openharmony: "openharmony" };
const SYSTEMS = {
  ...OS,
  windows: "win32",
  win32: "win32",
  aix: "aix",
  netbsd: "netbsd",
  openbsd: "openbsd",
  sunos: "sunos",
};
const CPUS = ["arm64", "arm", "x64", "ia32", "ppc64", "riscv64", "s390x", "loong64", "mips64el"];

const file = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(file, "utf8"));
const added = Object.values(lock.packages).flatMap((entry) => missingOf(entry));
for (const [path, entry] of added) lock.packages[path] = entry;
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, "en")));
const unchecked = Object.entries(lock.packages).filter(
  ([path, entry]) => isDownloaded(path, entry) && !entry.integrity,
);
for (const [path, entry] of unchecked) {
  const { version, ...rest } = entry;
  lock.packages[path] = { version, integrity: integrityOf(`${nameOf(path)}@${version}`), ...rest };
}
const limited = Object.values(lock.packages).filter((entry) => entry.optional && entry.engines);
for (const entry of limited) delete entry.engines;
if (added.length + unchecked.length + limited.length > 0) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
process.stdout.write(
  `package-lock.json: ${added.length} packages of other platforms and ${unchecked.length} checksums added, ${limited.length} engines removed\n`,
);

function isDownloaded(path, entry) {
  return path.includes("node_modules/") && !entry.link;
}

/** "node_modules/a/node_modules/@b/c" → "@b/c" */
function nameOf(path) {
  return path.split("node_modules/").at(-1);
}

/** @throws Error if the registry does not have the package */
function integrityOf(spec) {
  const integrity = execFileSync("npm", ["view", spec, "dist.integrity"], { encoding: "utf8" }).trim();
  if (!integrity.startsWith("sha512-")) throw new Error(`${spec}: the registry gives no SHA-512, but "${integrity}"`);
  return integrity;
}

function missingOf(owner) {
  return Object.entries(owner.optionalDependencies ?? {})
    .map(([name, version]) => [`node_modules/${name}`, name, version])
    .filter(([path, name, version]) => !lock.packages[path] && /^\d/.test(version) && platformOf(name))
    .map(([path, name, version]) => {
      const marks = Object.fromEntries(
        ["dev", "devOptional", "peer"].filter((key) => owner[key]).map((key) => [key, true]),
      );
      return [path, { version, ...platformOf(name), ...marks, optional: true }];
    });
}

/** "@oxlint/binding-linux-arm64-musl" → {cpu: ["arm64"], libc: ["musl"], os: ["linux"]}; null if the name contains no system. */
function platformOf(name) {
  const words = name.split("/").at(-1).split("-");
  const os = words.map((word) => SYSTEMS[word]).find(Boolean);
  const cpu = CPUS.find((known) => words.includes(known)) ?? (words.includes("64") ? "x64" : undefined);
  if (!os) return null;
  const libc = words.at(-1).startsWith("musl") ? "musl" : words.at(-1).startsWith("gnu") ? "glibc" : undefined;
  return { ...(cpu && { cpu: [cpu] }), ...(libc && { libc: [libc] }), os: [os] };
}
