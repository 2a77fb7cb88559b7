import type { IssueEvent } from "@tac8/core/github/types";
import { expect, it } from "vitest";
import { findCause } from "./cause.ts";

const event = (id: number, actor: string): IssueEvent => ({ id, actor, actorType: "User", at: "2026-11-01T00:00:00Z" });
const asked: string[] = [];
const trusts = (name: string) => async (login: string) => {
  asked.push(login);
  return login.toLowerCase() === name;
};

it("is the newest event of an account that may start work, and each account is asked about once", async () => {
  asked.length = 0;
  const events = [event(9, "stranger"), event(8, "Stranger"), event(7, "Ann"), event(6, "ann")];
  expect(await findCause(events, trusts("ann"))).toMatchObject({ id: 7 });
  expect(asked).toEqual(["stranger", "Ann"]);
});

it("is none without such an account, and a bounded number is asked about", async () => {
  expect(await findCause([], trusts("ann"))).toBeNull();
  asked.length = 0;
  const many = Array.from({ length: 50 }, (_, index) => event(100 - index, `user${index}`));
  expect(await findCause([...many, event(1, "ann")], trusts("ann"))).toBeNull();
  expect(asked).toHaveLength(10);
});
