import { afterEach, test } from "vitest";
import { runManyIssues } from "../manyIssues.ts";
import { createWorld, type World } from "../world.ts";

let world: World;
afterEach(() => world.close());

test.each([
  { name: "one data folder", folders: ["home", "home"] },
  { name: "a data folder each", folders: ["home", "home-2"] },
] as const)("ten issues on two runners with $name: ten pull requests, and nothing left behind", async ({ folders }) => {
  world = await createWorld();
  await runManyIssues(world, { issues: 10, folders });
});
