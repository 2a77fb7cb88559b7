import { expect, test } from "vitest";
import { parseOptions } from "./options.ts";

const passwd = "root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/bash\n";
const read = (line: string, env: Record<string, string> = {}) => parseOptions(line.split(" "), { env, passwd });

test("reads a user by name or id, its ids, and the program", () => {
  expect(read("--user node -- node dist/runner.js --x")).toEqual({
    user: { uid: 1000, gid: 1000 },
    ids: { first: 20_000, last: 20_999 },
    socket: "/run/tac8/launcher/socket",
    program: ["node", "dist/runner.js", "--x"],
    wait: null,
  });
  const other = read("--ids 30000-30099 --wait w.sh --user 1000 -- x", { TAC8_LAUNCHER: "/tmp/l" });
  expect(other).toMatchObject({ ids: { first: 30_000, last: 30_099 }, socket: "/tmp/l", wait: "w.sh" });
});

test("a service has no program to start", () => {
  expect(read("--user node --ids 30000-30099")).toMatchObject({ program: null, ids: { first: 30_000, last: 30_099 } });
});

test.each([
  ["--user node --", "expected a program to start after --"],
  ["--ids 30000-30099", "--user is missing"],
  ["-- x", "--user is missing"],
  ["--user root -- x", "--user root: expected a user of /etc/passwd who is not root"],
  ["--user nobody -- x", "--user nobody"],
  ["--user node --ids 0-100 -- x", "--ids 0-100: expected at least ten ids"],
  ["--user node --ids 20000-20005 -- x", "at least ten ids"],
  ["--user node --ids 20000 -- x", "--ids 20000"],
  ["--other 1 -- x", "not --other"],
  ["--user -- x", "not --user"],
])("%s is refused", (line, message) => {
  expect(() => read(line)).toThrow(message);
});

test("tac8's own id must not be an id of agents", () => {
  const inside = "tac8:x:20005:20005::/:/bin/sh\n";
  expect(() => parseOptions(["--user", "tac8", "--", "x"], { env: {}, passwd: inside })).toThrow(
    "20005 is the id of tac8",
  );
});
