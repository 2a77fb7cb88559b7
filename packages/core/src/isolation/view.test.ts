import { basename, dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";
import { homesIn } from "./machine.ts";
import { firstInside, machineView, secretInSystem, whyNotShown, type Machine, type ViewOptions } from "./view.ts";

const HOMES = ["/home/pi", "/home/bob", "/root"];

/** A machine by its paths: `f` a file, `d` a folder, anything else the target of a link. What is in a folder that is linked to is there. */
function machineOf(entries: Readonly<Record<string, string>>): Machine {
  const linkOf = (path: string) => (entries[path] === "f" || entries[path] === "d" ? null : (entries[path] ?? null));
  const realPathOf = (written: string): string | null => {
    const path = written === "/" ? written : normalize(written).replace(/\/$/, "");
    const target = linkOf(path);
    if (target !== null) return realPathOf(target);
    const parent = path === "/" || dirname(path) === "/" ? dirname(path) : (realPathOf(dirname(path)) ?? dirname(path));
    if (path !== "/" && parent !== dirname(path)) return realPathOf(join(parent, basename(path)));
    return path in entries ? path : null;
  };
  const kindOf = (path: string) => {
    const real = realPathOf(path);
    return real === null ? null : entries[real] === "f" ? "file" : "folder";
  };
  const namesIn = (folder: string) =>
    Object.keys(entries).flatMap((path) => (dirname(path) === folder ? [basename(path)] : []));
  return { kindOf, linkOf, realPathOf, namesIn, homes: () => HOMES };
}

const SYSTEM = {
  "/usr": "d",
  "/usr/bin": "d",
  "/bin": "/usr/bin",
  "/etc/ssl": "d",
  "/etc/ssl/certs": "d",
  "/etc/ssl/private": "d",

  "/etc/shadow": "f",
  "/home/pi": "d",
};
const OPTIONS: ViewOptions = {
  env: {},
  toolchains: ["RUSTUP_HOME"],
  userHome: "/home/pi",
  programs: [],
  read: [],
  write: [],
  secret: ["/home/pi/.tac8", "/home/pi/code/config.toml"],
};
const shown = (options: Partial<ViewOptions>, entries: Readonly<Record<string, string>> = {}) =>
  machineView({ ...OPTIONS, ...options }, machineOf({ ...SYSTEM, ...entries })).map(
    (mount) => `${mount.kind} ${mount.path}${"from" in mount ? ` ${mount.from}` : ""}`,
  );
const added = (options: Partial<ViewOptions>, entries: Readonly<Record<string, string>> = {}) =>
  shown(options, entries).filter((line) => !["read /usr", "link /bin", "read /etc/ssl/certs"].includes(line));
/** Folders of a PATH, and what is in them. */
const onPath = (...folders: string[]) => ({ env: { PATH: folders.join(":") } });

test("the system's programs, and of /etc what tools need", () => {
  expect(shown({})).toEqual(["read /usr", "link /bin", "read /etc/ssl/certs"]);
});

test.each([
  [
    "a toolchain below the home folder, with its libraries",
    onPath("/home/pi/.nvm/versions/node/v22/bin"),
    { "/home/pi/.nvm/versions/node/v22/bin": "d", "/home/pi/.nvm/versions/node/v22": "d" },
    ["read /home/pi/.nvm/versions/node/v22"],
  ],
  [
    "of a folder with credentials beside, the programs alone",
    onPath("/home/pi/.cargo/bin"),
    { "/home/pi/.cargo/bin": "d", "/home/pi/.cargo": "d", "/home/pi/.cargo/credentials.toml": "f" },
    ["read /home/pi/.cargo/bin"],
  ],
  [
    "of a hidden folder of a program that may hold its login, the programs alone",
    onPath("/home/pi/.fly/bin", "/home/pi/.config/tool/bin", "/home/pi/.bun/bin"),
    {
      "/home/pi/.fly/bin": "d",
      "/home/pi/.fly": "d",
      "/home/pi/.fly/config.yml": "f",
      "/home/pi/.config/tool/bin": "d",
      "/home/pi/.config/tool": "d",
      "/home/pi/.bun/bin": "d",
      "/home/pi/.bun": "d",
    },
    ["read /home/pi/.fly/bin", "read /home/pi/.config/tool/bin", "read /home/pi/.bun"],
  ],
  ["of the home folder, its bin alone", onPath("/home/pi/bin"), { "/home/pi/bin": "d" }, ["read /home/pi/bin"]],
  [
    "what programs in .local/bin lead to",
    onPath("/home/pi/.local/bin"),
    { "/home/pi/.local/bin": "d", "/home/pi/.local": "d", "/home/pi/.local/share/claude/versions": "d" },
    ["read /home/pi/.local/share/claude/versions", "read /home/pi/.local/bin"],
  ],
  [
    "a toolchain by its variable",
    { env: { RUSTUP_HOME: "/home/pi/.rustup" } },
    { "/home/pi/.rustup": "d" },
    ["read /home/pi/.rustup"],
  ],
  [
    "a folder of /opt with its libraries",
    onPath("/opt/go/bin"),
    { "/opt/go/bin": "d", "/opt/go": "d" },
    ["read /opt/go"],
  ],
  ["not all of /opt", onPath("/opt/bin"), { "/opt/bin": "d", "/opt": "d" }, ["read /opt/bin"]],
  ["no relative folder", onPath("node_modules/.bin"), { "node_modules/.bin": "d" }, []],
  ["no folder that is missing", onPath("/opt/missing/bin"), {}, []],
  ["not the home folder", { ...onPath("/home/pi"), secret: [] }, {}, []],
  [
    "nothing in the data folder",
    onPath("/home/pi/.tac8/bin"),
    { "/home/pi/.tac8/bin": "d", "/home/pi/.tac8": "d" },
    [],
  ],
  [
    "not what holds the configuration",
    onPath("/home/pi/code/bin"),
    { "/home/pi/code/bin": "d", "/home/pi/code": "d" },
    ["read /home/pi/code/bin"],
  ],
  [
    "each link on the way to a program, and its package",
    { programs: ["/opt/bin/claude"] },
    {
      "/opt/bin/claude": "/opt/lib/node_modules/cli/cli.js",
      "/opt/lib/node_modules/cli/cli.js": "f",
      "/opt/lib/node_modules": "d",
    },
    ["read /opt/bin/claude /opt/lib/node_modules/cli/cli.js", "read /opt/lib/node_modules"],
  ],
  [
    "what the operator adds",
    { read: ["/srv/data"], write: ["/srv/cache"] },
    { "/srv/data": "d", "/srv/cache": "d" },
    ["read /srv/data", "write /srv/cache"],
  ],
  [
    "not the data folder, even if asked",
    { read: ["/home/pi/.tac8"], write: ["/"] },
    { "/home/pi/.tac8": "d", "/": "d" },
    [],
  ],
  ["not what the data folder is in", { read: ["/home"] }, { "/home": "d" }, []],
  [
    "not the real parent of a data folder that is a link",
    { read: ["/srv/disk"], secret: ["/home/pi/.tac8"] },
    { "/srv/disk": "d", "/srv/disk/tac8": "d", "/home/pi/.tac8": "/srv/disk/tac8" },
    [],
  ],
  [
    "not the real parent of a data folder behind a link, and not there yet",
    { write: ["/srv/disk"], secret: ["/data/tac8"] },
    { "/srv/disk": "d", "/data": "/srv/disk" },
    [],
  ],
  [
    "not a link to what holds the data folder",
    { read: ["/srv/link"], write: ["/srv/link"], secret: ["/srv/disk/tac8"] },
    { "/srv/link": "/srv/disk", "/srv/disk": "d", "/srv/disk/tac8": "d" },
    [],
  ],
  [
    "not a link to what lies in the data folder",
    { read: ["/srv/link"], secret: ["/srv/disk/tac8"] },
    { "/srv/link": "/srv/disk/tac8/repos", "/srv/disk/tac8/repos": "d", "/srv/disk/tac8": "d" },
    [],
  ],
  [
    "of a link, what it leads to",
    { read: ["/srv/link"] },
    { "/srv/link": "/srv/data", "/srv/data": "d" },
    ["read /srv/link /srv/data"],
  ],
  [
    "no home folder, however it is spelled",
    { read: ["/home/bob/", "/home//pi", "/srv/../root"], write: ["/home/bob/", "/home/./bob"] },
    { "/home/bob": "d", "/root": "d" },
    [],
  ],
  ["no home folder behind a link", { read: ["/srv/bob"] }, { "/srv/bob": "/home/bob", "/home/bob": "d" }, []],
  [
    "of another user's home folder, its bin alone",
    onPath("/home/bob/bin"),
    { "/home/bob": "d", "/home/bob/bin": "d" },
    ["read /home/bob/bin"],
  ],
  [
    "of a link to a folder in a home folder, its bin alone",
    onPath("/opt/bob/bin"),
    { "/opt/bob": "/home/bob/code", "/home/bob/code": "d", "/home/bob/code/bin": "d" },
    ["read /opt/bob/bin /home/bob/code/bin", "read /home/bob/code/bin"],
  ],
  [
    "of one's own home folder without HOME, its bin alone",
    { ...onPath("/home/pi/bin", "/home/pi/.cargo/bin"), userHome: null },
    { "/home/pi/bin": "d", "/home/pi/.cargo": "d", "/home/pi/.cargo/bin": "d" },
    ["read /home/pi/bin", "read /home/pi/.cargo/bin"],
  ],
  [
    "a release of Go that Go downloaded",
    onPath("/home/pi/sdk/go1.22/bin"),
    { "/home/pi/sdk/go1.22": "d", "/home/pi/sdk/go1.22/bin": "d" },
    ["read /home/pi/sdk/go1.22"],
  ],
  ["no shell profile", {}, { "/etc/profile": "f", "/etc/bash.bashrc": "f" }, []],
  [
    "of /etc, settings of each Java and no credentials of Maven",
    {},
    { "/etc/java-25-openjdk": "d", "/etc/maven": "d", "/etc/maven/m2.conf": "f", "/etc/maven/settings.xml": "f" },
    ["read /etc/maven/m2.conf", "read /etc/java-25-openjdk"],
  ],
])("%s", (_what, options, entries, lines) => {
  expect(added(options as Partial<ViewOptions>, entries as Record<string, string>)).toEqual(lines);
});

test.each(["/home/bob/.cargo", "/home/pi/.pulumi", "/home/pi/.fly", "/home/pi/.docker", "/home/pi/project"])(
  "of %s only the programs are shown, however its bin is spelled",
  (folder) => {
    const entries = { [folder]: "d", [`${folder}/bin`]: "d" };
    expect(added(onPath(`${folder}/bin`), entries)).toEqual([`read ${folder}/bin`]);
    expect(added(onPath(`${folder}/bin/`, `${folder}/./bin`), entries)).toEqual([`read ${folder}/bin`]);
  },
);

test("a folder inside another that shows it is not mounted again, unless it has other rights or content", () => {
  const entries = { "/srv": "d", "/srv/a": "d", "/srv/b": "/opt", "/opt": "d", "/srv/cache": "d", "/srv/cache/a": "d" };
  const read = ["/srv/a", "/srv/b", "/srv/cache/a", "/srv"];
  expect(added({ read, write: ["/srv/cache"] }, entries)).toEqual([
    "read /srv/b /opt",
    "read /srv/cache/a",
    "read /srv",
    "write /srv/cache",
  ]);
});

test("what is shown to write stays so below a folder that is only read", () => {
  expect(added({ read: ["/srv"], write: ["/srv/cache"] }, { "/srv": "d", "/srv/cache": "d" })).toEqual([
    "read /srv",
    "write /srv/cache",
  ]);
});

test.each([
  ["in /usr", "/usr/local/tac8", { path: "/usr/local/tac8", folder: "/usr" }],
  ["in a link to it", "/bin/tac8", { path: "/bin/tac8", folder: "/usr" }],
  ["behind a link", "/srv/tac8", { path: "/srv/tac8", folder: "/usr" }],
  ["elsewhere", "/home/pi/.tac8", null],
])("a data folder %s among the system's programs is found, and those are not shown", (_what, path, found) => {
  const entries = { ...SYSTEM, "/usr/local": "d", "/usr/local/tac8": "d", "/srv/tac8": "/usr/local/tac8" };
  expect(secretInSystem([path], machineOf(entries))).toEqual(found);
  expect(shown({ secret: [path] }, entries).includes("read /usr")).toBe(found === null);
});

test("system accounts have no home folder that counts", () => {
  const users = ["root:x:0:0::/root:/bin/bash", "bin:x:2:2::/bin:/x", "a:x:9:9::/:/x", "www:x:33:33::/var/www:/x"];
  expect(homesIn([...users, "no:x:8:8::/nonexistent:/x", "bob:x:1:1::/srv/bob:/x", ""].join("\n"))).toEqual([
    "/root",
    "/srv/bob",
  ]);
});

test.each([
  ["/home", "is or contains the home folder /home/pi"],
  ["/home/bob/", "is or contains the home folder /home/bob"],
  ["/", "is the root of the file system"],
  ["/home/pi/.tac8/repos", "contains or is inside /home/pi/.tac8, which agents must not see"],
  ["/home/pi/code", "contains or is inside /home/pi/code/config.toml, which agents must not see"],
  ["/srv/link", "is or contains the home folder /home/pi"],
  ["/srv/missing", "does not exist, or cannot be read"],
  ["/srv/data", null],
])("an entry of agent.read says why agents do not see it: %s", (path, why) => {
  const machine = machineOf({ ...SYSTEM, "/srv/data": "d", "/srv/link": "/home/pi", "/home/pi/code": "d" });
  expect(whyNotShown(path, OPTIONS, machine)).toBe(why);
  // As it is done.
  const mounts = machineView({ ...OPTIONS, read: [path], write: [path] }, machine);
  expect(mounts.some((mount) => mount.path === path)).toBe(why === null);
});

test.each([
  ["is one", "/home/pi/bin", "/home/pi/bin"],
  ["holds one", "/home/pi/tools", "/home/pi/tools/bin"],
  ["holds one by its own link", "/data/link", "/home/pi/tools/bin"],
  ["holds the target of a link", "/data/real", "/home/pi/linked"],
  ["is beside all of them", "/home/pi/tool", null],
  ["lies in one", "/home/pi/bin/data", null],
])("a folder that agents may write to and that %s: %s", (_what, path, expected) => {
  const machine = machineOf({
    ...SYSTEM,
    "/home/pi/bin": "d",
    "/home/pi/bin/data": "d",
    "/home/pi/tool": "d",
    "/home/pi/tools": "d",
    "/home/pi/tools/bin": "d",
    "/data": "d",
    "/data/link": "/home/pi/tools",
    "/data/real": "d",
    "/data/real/bin": "d",
    "/home/pi/linked": "/data/real/bin",
  });
  const folders = ["", ".", "/usr/bin", "/home/pi/bin", "/home/pi/tools/bin", "/home/pi/linked"];
  expect(firstInside(path, folders, machine)).toBe(expected);
});
