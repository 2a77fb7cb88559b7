import { afterEach, expect, test } from "vitest";
import { createWorld, REPO, type World } from "./world.ts";

let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

test("a labelled issue becomes a pull request", async () => {
  world = await createWorld();
  const { github } = world;
  const number = world.openIssue({
    title: "Say hello",
    script: [{ write: "hello.txt", text: "hello\n" }, { commit: "feat: say hello" }, { result: "Said hello." }],
  });
  world.startApp("scheduler");
  world.startApp("runner");
  await world.reaches(number, "pr");
  const [pull] = github.pulls(REPO);
  expect(pull?.title).toBe("Say hello");
  expect(await github.file(REPO, "auto/gh-1", "hello.txt")).toBe("hello\n");
});
