import { expect, it } from "vitest";
import { planShare } from "./keepShare.ts";

const share = { address: "10.0.0.5", port: 6380, machines: [] };

it.each([
  ["nothing is shared", { share: null, applied: false, listens: false, here: false }, "nothing"],
  ["at the start, with the rules of this version", { share, applied: false, listens: true, here: true }, "apply"],
  ["everything is applied", { share, applied: true, listens: true, here: true }, "nothing"],
  ["the network came after Redis", { share, applied: true, listens: false, here: true }, "reopen"],
  ["another program has the port", { share, applied: true, listens: false, here: true, taken: true }, "taken"],
  ["the address is another machine's now", { share, applied: true, listens: true, here: false }, "missing"],
] as const)("%s: %s", (_, given, step) => expect(planShare(given)).toBe(step));
