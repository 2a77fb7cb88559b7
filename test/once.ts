import { expect } from "vitest";
import { REPO, type World } from "./world.ts";

/** Expect that the issue's agent ran once, and that there is one pull request and one comment: its status. */
export async function expectOnce(world: World, number: number): Promise<void> {
  expect({
    starts: (await world.agentStarts(number)).length,
    pulls: pullsOf(world, number).length,
    comments: world.github.comments(REPO, number).length,
    status: statusComments(world, number).length,
  }).toEqual({ starts: 1, pulls: 1, comments: 1, status: 1 });
}

export function pullsOf(world: World, number: number) {
  return world.github.pulls(REPO).filter(({ body }) => body?.startsWith(`Fixes #${number}\n`));
}

export function statusComments(world: World, number: number) {
  return world.github.comments(REPO, number).filter(({ body }) => /^<!-- tac8 .*"kind":"status"/.test(body));
}

/** Return the number that the next issue gets: pull requests are numbered among the issues. */
export function nextNumber({ github }: World): number {
  const numbers = [...github.issues(REPO), ...github.pulls(REPO)].map(({ number }) => number);
  return Math.max(0, ...numbers) + 1;
}
