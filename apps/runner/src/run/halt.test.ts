import { expect, it } from "vitest";
import { endByHalt, Halted, HaltSwitch } from "./halt.ts";

const command = { cancel: null, stop: "stopped by ann@pi", stopMode: null };

it("a watcher that is notified of a stop already sees that the agent gets no time", () => {
  const halt = new HaltSwitch();
  const received: boolean[] = [];
  halt.stop.addEventListener("abort", () => received.push(halt.atOnce));
  halt.obey({ command: { ...command, stopMode: "kill" } });
  expect(received).toEqual([true]);
  expect(halt.cause).toMatchObject({ halt: "stopped", message: "stopped by ann@pi" });
  expect(halt.abandon.aborted).toBe(false);
});

it("a stop in progress can be made immediate, and keeps its cause", () => {
  const halt = new HaltSwitch();
  halt.obey({ command: { cancel: null, stop: null, stopMode: null } });
  expect(halt.cause).toBeNull();
  halt.obey({ command: { ...command, cancel: "the issue was closed" } });
  expect([halt.cause?.halt, halt.atOnce]).toEqual(["cancelled", false]);
  halt.obey({ command: { ...command, stopMode: "kill" } });
  halt.obey({ command: { ...command, stopMode: "kill" } });
  expect([halt.cause?.halt, halt.atOnce]).toEqual(["cancelled", true]);
});

it("the end of a halted run is the requested one, or a failure that the halt names", () => {
  const stop = new Halted("stopped", "stopped by ann@pi");
  expect(endByHalt(stop, "stopped", "r")).toEqual({
    "end.outcome": "stopped",
    "end.run": "r",
    "end.reason": "stopped by ann@pi",
  });
  const halt = new HaltSwitch();
  halt.request("stopped", "x edited the title", "edited");
  expect(halt.cause).toMatchObject({ halt: "stopped", failure: "edited" });
  expect(endByHalt(halt.cause ?? stop, "stopped", "r")).toEqual({
    "end.outcome": "failed",
    "end.failure": "edited",
    "end.run": "r",
    "end.reason": "x edited the title",
  });
});
