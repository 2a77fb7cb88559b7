import { afterEach, test } from "vitest";
import { runManyIssues } from "./manyIssues.ts";
import { createWorld, type World } from "./world.ts";

let world: World;
afterEach(() => world.close());

test("five issues on two runners with one data folder: five pull requests, and nothing left behind", async () => {
  world = await createWorld();
  await runManyIssues(world, { issues: 5, folders: ["home", "home"] });
});
