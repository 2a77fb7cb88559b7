import { boardWarnings } from "@tac8/core/board/warnings";
import type { Check } from "../check.ts";
import { note, ok, type Finding } from "../finding.ts";
import type { DoctorInput } from "../doctorInput.ts";

export const board: Check = {
  name: "Board",
  limitMs: 5000,
  inspect: async ({ config }) => evaluateBoard(config),
};

/** Pure. */
export function evaluateBoard(
  config: Parameters<typeof boardWarnings>[0] & Pick<DoctorInput["config"], "board">,
): Finding[] {
  const warnings = boardWarnings(config);
  if (warnings.length > 0) return warnings.map(({ text, advice }) => note(text, advice));
  const { host, port, url } = config.board;
  return [ok(url === "" ? `listens on ${host}, port ${port}` : `its URL for users is ${url}`)];
}
