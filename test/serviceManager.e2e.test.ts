import { spawn, type ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, open, readFile, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EXIT_CONFIG } from "../bin/lib/exitCode.mjs";
import { ROOT } from "./programs.ts";
import { createWorld, poll, type World } from "./world.ts";

const APPS = ["scheduler", "runner", "board"] as const;
const START = join(ROOT, "deploy/systemd/start");
/** In the place of systemd: a datagram socket, each message of which becomes a line. */
const RECEIVER = String.raw`
use Socket; $| = 1;
socket(my $s, PF_UNIX, SOCK_DGRAM, 0) or die; bind($s, pack_sockaddr_un($ARGV[0])) or die "$!"; print "bound\n";
while (defined recv($s, my $message, 4096, 0)) { $message =~ s/\n/ & /g; print "$message\n"; }
`;

let world: World;
const children: ChildProcess[] = [];
beforeAll(async () => {
  world = await createWorld();
});
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await Promise.all(children.map(closed));
  await world.close();
});

const closed = async (child: ChildProcess): Promise<number | null> => {
  if (child.exitCode === null && child.signalCode === null) await once(child, "close");
  return child.exitCode;
};

/** As a unit has it: the token in a credential, and systemd's socket. */
async function startAsService(app: (typeof APPS)[number], changes: Readonly<Record<string, string>> = {}) {
  const folder = join(world.dir, `credentials-${app}`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "secrets_GITHUB_TOKEN"), `${world.token}\n`, { mode: 0o400 });
  const dir = await mkdtemp(join(world.dir, `${app}-`));
  const socket = join(dir, "notify.sock");
  const PATH = process.env["PATH"] ?? "";
  const systemd = spawn("perl", ["-e", RECEIVER, socket], { env: { PATH }, stdio: ["ignore", "pipe", "inherit"] });
  children.push(systemd);
  let received = "";
  systemd.stdout.setEncoding("utf8").on("data", (text: string) => (received += text));
  const receives = (words: string | RegExp) =>
    poll(120_000, async () => {
      const found = typeof words === "string" ? received.includes(words) : words.test(received);
      return found ? null : `no ${String(words)} in ${received}`;
    });
  await receives("bound");
  const journal = await open(join(dir, "journal"), "w+");
  const { dev, ino } = await journal.stat();
  const env = {
    PATH,
    HOME: world.ownerHome,
    TAC8_CONFIG: world.configFile,
    TAC8_HOME: world.dataFolder,
    REDIS_URL: world.redisServer.url,
    GITHUB_API_URL: world.github.url,
    TAC8_BOARD_PORT: "0",
    NOTIFY_SOCKET: socket,
    CREDENTIALS_DIRECTORY: folder,
    JOURNAL_STREAM: `${dev}:${ino}`,
    ...changes,
  };
  const child = spawn(START, [app], { env, stdio: ["ignore", journal.fd, journal.fd] });
  children.push(child);
  await journal.close();
  return { child, receives, journal: () => readFile(join(dir, "journal"), "utf8") };
}

test.concurrent.each(APPS)(
  "%s reports to systemd that it is ready, works and stops, and logs readable lines; its environment has no socket",
  async (app) => {
    const { child, receives, journal } = await startAsService(app);
    await receives("READY=1\nWATCHDOG=1\nSTATUS=waiting for Redis");
    await receives("STATUS=working");
    const environ = await readFile(`/proc/${child.pid}/environ`, "latin1");
    expect(environ).toContain("GITHUB_TOKEN_FILE=");
    expect(environ).not.toMatch(/NOTIFY_SOCKET|CREDENTIALS_DIRECTORY/);
    child.kill("SIGTERM");
    await receives(/STOPPING=1 & EXTEND_TIMEOUT_USEC=\d{8}/);
    expect(await closed(child)).toBe(0);
    const lines = (await journal()).trimEnd().split("\n");
    expect(lines.filter((line) => !/^<[467]>\S/.test(line))).toEqual([]);
    expect(lines).toContain("<6>closing");
  },
);

test("a problem that an operator must fix is the status of the unit, and an error in the journal", async () => {
  const token = join(world.dir, "unknown-token");
  await writeFile(token, "ghp_unknownunknownunknown\n");
  const { child, receives, journal } = await startAsService("scheduler", { GITHUB_TOKEN_FILE: token });
  await receives("STATUS=GitHub refuses the token");
  expect(await closed(child)).toBe(EXIT_CONFIG);
  expect(await journal()).toMatch(/^<2>GitHub refuses the token/m);
});

test("each mistake in a configuration is in the status of the unit and an error in the journal", async () => {
  const { child, journal } = await startAsService("scheduler", { TAC8_CONFIG: join(world.dir, "nowhere.toml") });
  expect(await closed(child)).toBe(EXIT_CONFIG);
  expect(await journal()).toMatch(/^<3>.*nowhere\.toml: the file does not exist/);
});
