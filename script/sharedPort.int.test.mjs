import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, it } from "vitest";

const deploy = join(import.meta.dirname, "../deploy/systemd");

let dir;
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), "tac8-shared-port-"))));
afterEach(() => rmSync(dir, { recursive: true }));

/** The script that the unit runs before Redis. */
function before(port, address = "127.0.0.1") {
  writeFileSync(join(dir, "redis.conf"), `bind -${address}\ntls-port ${port}\n`);
  return spawnSync("perl", [join(deploy, "shared-port"), join(dir, "redis.conf"), join(dir, "closed.conf")], {
    encoding: "utf8",
  });
}

/** Start Redis with the unit's files, but without TLS, which would need certificates. @returns whether it starts */
async function starts(port) {
  const includes = ["--include", join(dir, "plain.conf"), "--include", join(dir, "closed*.conf")];
  writeFileSync(join(dir, "plain.conf"), `bind -127.0.0.1\nport ${port}\n`);
  // The same setting without TLS.
  if (existsSync(join(dir, "closed.conf")))
    writeFileSync(join(dir, "closed.conf"), readFileSync(join(dir, "closed.conf"), "utf8").replace("tls-port", "port"));
  const place = ["--unixsocket", join(dir, "s"), "--dir", dir, "--save", ""];
  const redis = spawn("redis-server", [...place, ...includes], { stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(redis, "exit").then(() => false);
  const ready = new Promise((resolve) =>
    createInterface({ input: redis.stdout }).on("line", (line) => /ready to accept/i.test(line) && resolve(true)),
  );
  const works = await Promise.race([ready, ended]);
  redis.kill();
  await ended;
  return works;
}

it("Redis of an installed machine starts without its shared port if another program uses it, and with it otherwise", async () => {
  const other = createServer();
  await once(other.listen(0, "127.0.0.1"), "listening");
  const { port } = other.address();
  expect(await starts(port)).toBe(false);
  const taken = before(port);
  expect(taken).toMatchObject({
    status: 0,
    stderr: expect.stringMatching(`127.0.0.1:${port}, which another program uses`),
  });
  expect(readFileSync(join(dir, "closed.conf"), "utf8")).toBe("tls-port 0\n");
  expect(await starts(port)).toBe(true);
  await new Promise((resolve) => other.close(resolve));
  expect(before(port)).toMatchObject({ status: 0, stderr: "" });
  expect(existsSync(join(dir, "closed.conf"))).toBe(false);
  expect(await starts(port)).toBe(true);
});

it("the configuration stays unchanged if nothing is shared, or if the machine does not have the address", () => {
  expect(before(6380, "203.0.113.1")).toMatchObject({ status: 0, stderr: "" });
  rmSync(join(dir, "redis.conf"));
  const none = spawnSync("perl", [join(deploy, "shared-port"), join(dir, "redis.conf"), join(dir, "closed.conf")]);
  expect(none.status).toBe(0);
  expect(existsSync(join(dir, "closed.conf"))).toBe(false);
});

it("the unit runs the script, and reads the script's output after the file that the output overrides", () => {
  const unit = readFileSync(join(deploy, "tac8-redis.service"), "utf8");
  expect(unit).toMatch(/ExecStartPre=-\S*shared-port \\\n\s*\S+share\/redis\.conf \/run\/tac8-redis\/closed\.conf\n/);
  expect(unit).toMatch(/--include \S+share\/redis\*\.conf --include \/run\/tac8-redis\/closed\*\.conf\n/);
});
