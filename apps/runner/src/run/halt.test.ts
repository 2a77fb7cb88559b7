import { expect, it } from "vitest";
import { endByHalt, Halted, HaltSwitch } from "./halt.ts";

const command = { cancel: null, stop: "stopped by ann@pi", stopMode: null };

it("a watcher that is notified of a stop already sees that the agent gets no time", () => {
  const haltSwitch = new HaltSwitch();
  const received: boolean[] = [];
  haltSwitch.halt.addEventListener("abort", () => received.push(haltSwitch.atOnce));
  haltSwitch.obey({ command: { ...command, stopMode: "kill" } });
  expect(received).toEqual([true]);
  expect(haltSwitch.halted).toMatchObject({ halt: "stopped", message: "stopped by ann@pi" });
  expect(haltSwitch.abandon.aborted).toBe(false);
});

it("a stop in progress can be made immediate, and keeps its cause", () => {
  const haltSwitch = new HaltSwitch();
  haltSwitch.obey({ command: { cancel: null, stop: null, stopMode: null } });
  expect(haltSwitch.halted).toBeNull();
  haltSwitch.obey({ command: { ...command, cancel: "the issue was closed" } });
  expect([haltSwitch.halted?.halt, haltSwitch.atOnce]).toEqual(["cancelled", false]);
  haltSwitch.obey({ command: { ...command, stopMode: "kill" } });
  haltSwitch.obey({ command: { ...command, stopMode: "kill" } });
  expect([haltSwitch.halted?.halt, haltSwitch.atOnce]).toEqual(["cancelled", true]);
});

it("the end of a halted run is the requested one, or a failure that the halt names", () => {
  const stop = new Halted("stopped", "stopped by ann@pi");
  expect(endByHalt(stop, "stopped", "r")).toEqual({
    "end.outcome": "stopped",
    "end.run": "r",
    "end.reason": "stopped by ann@pi",
  });
  const haltSwitch = new HaltSwitch();
  haltSwitch.request("stopped", "x edited the title", "edited");
  expect(haltSwitch.halted).toMatchObject({ halt: "stopped", failure: "edited" });
  expect(endByHalt(haltSwitch.halted ?? stop, "stopped", "r")).toEqual({
    "end.outcome": "failed",
    "end.failure": "edited",
    "end.run": "r",
    "end.reason": "x edited the title",
  });
});
