// `npm run sbom`: prints the packages whose code users get, as CycloneDX JSON. They are read from package-lock.json, because
// `npm sbom` refuses workspaces without a version, and with `--omit dev` it leaves out every package that the root needs for
// tests too, such as bullmq and ioredis.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Workspaces that are only needed to build and test. */
const NOT_SHIPPED = ["packages/build"];

/**
 * Pure.
 * @param {{lock: {version: string, packages: Record<string, any>}}} options `lock`: the content of package-lock.json, version 3
 * @returns a CycloneDX document. The same lockfile gives the same bytes.
 * @throws Error if a package that is needed is not in the lockfile
 */
export function sbom({ lock }) {
  const { packages } = lock;
  const found = new Map();
  const waiting = [
    ["", packages[""]],
    ...Object.entries(packages).filter(
      ([path]) => /^(apps|packages)\/[^/]+$/.test(path) && !NOT_SHIPPED.includes(path),
    ),
  ];
  const links = new Map();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [path, entry] = next;
    const needed = neededBy(entry).flatMap(([name, isOptional]) => {
      const at = placeOf(packages, path, name);
      if (at === null && !isOptional)
        throw new Error(`package-lock.json has no ${name}, which ${path || "tac8"} needs`);
      return at === null || packages[at].link ? [] : [at];
    });
    links.set(path, needed);
    for (const at of needed.filter((one) => !found.has(one))) {
      found.set(at, packages[at]);
      waiting.push([at, packages[at]]);
    }
  }
  const refOf = (path) => (packages[path].integrity ? purlOf(nameOf(path), packages[path].version) : null);
  const root = purlOf("tac8", lock.version);
  const own = [...links].filter(([path]) => refOf(path) === null).flatMap(([, needed]) => needed);
  const dependencies = [
    [root, own],
    ...[...links].filter(([path]) => refOf(path) !== null).map(([path, needed]) => [refOf(path), needed]),
  ].map(([ref, needed]) => ({ ref, dependsOn: [...new Set(needed.map(refOf))].toSorted(byName) }));
  const components = [...found].map(([path, entry]) => componentOf(nameOf(path), entry));
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.5.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify(lock))}`,
    version: 1,
    metadata: {
      component: { type: "application", "bom-ref": root, name: "tac8", version: lock.version, purl: root },
    },
    components: uniqueBy(components, "bom-ref"),
    dependencies: uniqueBy(dependencies, "ref"),
  };
}

/** A UUID of version 8 (RFC 9562), so that the same text has the same one. */
function uuidOf(text) {
  const [a, b, c, d, e] = [8, 4, 3, 3, 12].reduce(
    ({ parts, rest }, length) => ({ parts: [...parts, rest.slice(0, length)], rest: rest.slice(length) }),
    { parts: [], rest: createHash("sha256").update(text).digest("hex") },
  ).parts;
  return `${a}-${b}-8${c}-8${d}-${e}`;
}

/** Names of dependencies, each with whether it may be missing: a build for another platform, or a peer that is optional. */
function neededBy({ dependencies = {}, optionalDependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} }) {
  return [
    ...Object.keys(dependencies).map((name) => [name, name in optionalDependencies]),
    ...Object.keys(optionalDependencies).map((name) => [name, true]),
    ...Object.keys(peerDependencies)
      .filter((name) => peerDependenciesMeta[name]?.optional !== true)
      .map((name) => [name, false]),
  ];
}

/** Return the path in the lockfile of a package, as Node finds it from another one. */
function placeOf(packages, from, name) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/")))) {
    const path = folder === "" ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (path in packages) return path;
    if (folder === "") return null;
  }
}

/** "node_modules/a/node_modules/@b/c" → "@b/c" */
function nameOf(path) {
  return path.split("node_modules/").at(-1);
}

function purlOf(name, version) {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

function componentOf(name, { version, integrity, license, optional = false }) {
  const purl = purlOf(name, version);
  return {
    type: "library",
    "bom-ref": purl,
    name,
    version,
    scope: optional ? "optional" : "required",
    hashes: [{ alg: "SHA-512", content: Buffer.from(integrity.slice("sha512-".length), "base64").toString("hex") }],
    ...(license ? { licenses: [{ expression: license }] } : {}),
    purl,
  };
}

/** One for each value of the key, in its order. */
function uniqueBy(all, key) {
  return [...new Map(all.map((one) => [one[key], one])).values()].toSorted((a, b) => byName(a[key], b[key]));
}

/** In the same order on every machine. */
function byName(a, b) {
  return a < b ? -1 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const lock = JSON.parse(readFileSync(new URL("../package-lock.json", import.meta.url), "utf8"));
  process.stdout.write(`${JSON.stringify(sbom({ lock }), null, 2)}\n`);
}
