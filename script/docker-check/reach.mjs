// Tests what a user of a container can reach: prints "TARGET OUTCOME" for each target, "reached" or the reason why not. Targets:
//   tcp:HOST:PORT     a connection          name:HOST        its address
//   unix:PATH         a Unix socket         file:PATH        a readable file; /proc/*/environ: that of any other process
//   exit:HOST:PORT    a tunnel through the exit, with the password in EXIT_PASSWORD if there is one
import { once } from "node:events";
import { lookup } from "node:dns/promises";
import { readdirSync, readFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";

const WAIT_MS = 4000;

async function open(address) {
  const socket = connect(address);
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(WAIT_MS) });
  } finally {
    socket.destroy();
  }
}

function textOf(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

const PROBES = {
  tcp: (at) => open({ host: at.slice(0, at.lastIndexOf(":")), port: Number(at.slice(at.lastIndexOf(":") + 1)) }),
  unix: (path) => open({ path }),
  name: (host) => lookup(host),
  async file(path) {
    if (path !== "/proc/*/environ") {
      readFileSync(path);
      return;
    }
    const others = readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid);
    if (!others.some((pid) => textOf(`/proc/${pid}/environ`) !== "")) throw new Error(`none of ${others.length}`);
  },
  async exit(authority) {
    const login = Buffer.from(`tac8:${process.env.EXIT_PASSWORD}`).toString("base64");
    const asked = request({
      host: "exit",
      port: 3128,
      method: "CONNECT",
      path: authority,
      headers: process.env.EXIT_PASSWORD ? { "proxy-authorization": `Basic ${login}` } : {},
      signal: AbortSignal.timeout(2 * WAIT_MS),
    });
    asked.end();
    const [answer] = await Promise.race([once(asked, "connect"), once(asked, "response")]);
    asked.destroy();
    if (answer.statusCode !== 200) throw new Error(String(answer.statusCode));
  },
};

for (const target of process.argv.slice(1)) {
  const colon = target.indexOf(":");
  let outcome = "reached";
  try {
    await PROBES[target.slice(0, colon)](target.slice(colon + 1));
  } catch (error) {
    outcome = error.code ?? error.message;
  }
  console.log(`${target} ${outcome}`);
}
process.exit(0);
