import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterAll, afterEach } from "vitest";
import { UNEXPECTED_STATE } from "@tac8/core/state/issueStore";

/** Fail a test in which this process wrote a state change that TRANSITIONS does not allow. For other processes, see `createWorld`. */
const lines: unknown[] = [];
const note = (line: unknown) => void lines.push(line);
subscribe(UNEXPECTED_STATE.name, note);
afterEach(() => {
  const found = lines.splice(0);
  if (found.length > 0) throw new Error(found.join("\n"));
});
afterAll(() => void unsubscribe(UNEXPECTED_STATE.name, note));
