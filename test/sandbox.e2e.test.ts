import { afterEach, beforeEach, expect, test } from "vitest";
import { createWorld, REPO, type World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.close());

test("an agent in a sandbox does its issue's work, and reaches a pull request", async () => {
  await world.configure({ agent: { isolation: "sandbox" } });
  const script = [
    { bash: "id -u; ls -la / /home; cat /proc/1/environ; echo x > a.txt" },
    { commit: "a" },
    { result: "Done." },
  ];
  const number = world.openIssue({ script });
  world.startApp("scheduler");
  const runner = world.startApp("runner");
  await runner.says("agents run in a sandbox");
  await world.reaches(number, "pr");
  expect(await world.github.file(REPO, `auto/gh-${number}`, "a.txt")).toBe("x\n");
});
