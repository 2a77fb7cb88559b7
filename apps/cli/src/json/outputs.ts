import type { z } from "zod";
import { addOutput } from "./add.ts";
import { backupOutput } from "./backup.ts";
import { cleanOutput } from "./clean.ts";
import { doctorOutput } from "./doctor.ts";
import { listOutput } from "./list.ts";
import { openOutput } from "./open.ts";
import { pauseOutput } from "./pause.ts";
import { reportOutput } from "./report.ts";
import { resumeOutput } from "./resume.ts";
import { retryOutput } from "./retry.ts";
import { statusOutput } from "./status.ts";
import { stopOutput } from "./stop.ts";
import { timelineLine, timelineOutput } from "./timeline.ts";
import { viewEndLine, viewEventLine, viewOutput, viewRunLine } from "./view.ts";
import { whyOutput } from "./why.ts";

/** The output of one command with `--json`. */
export interface JsonOutput {
  /** One object. */
  readonly whole: z.ZodType;
  /** With `--follow`: one object per line, of one of these kinds. `text` describes its keys by those of `whole`. */
  readonly lines?: readonly { readonly text: string; readonly schema: z.ZodType }[];
}

/** The outputs by command, in the order of docs/json.md. */
export const JSON_OUTPUTS: Readonly<Record<string, JsonOutput>> = {
  status: { whole: statusOutput },
  list: { whole: listOutput },
  view: {
    whole: viewOutput,
    lines: [
      {
        text: '- The first line has `.type` `"run"`, and the fields of this table from `.issue` to `.run`.',
        schema: viewRunLine,
      },
      {
        text: '- Then each event has a line with `.type` `"event"` and `.event`, which has the fields of `.entries[].event`.',
        schema: viewEventLine,
      },
      { text: '- The last line has `.type` `"end"`, and the fields of `.end`.', schema: viewEndLine },
    ],
  },
  why: { whole: whyOutput },
  timeline: {
    whole: timelineOutput,
    lines: [{ text: "- Each line is an event with the fields of `.events[]`.", schema: timelineLine }],
  },
  report: { whole: reportOutput },
  add: { whole: addOutput },
  retry: { whole: retryOutput },
  stop: { whole: stopOutput },
  pause: { whole: pauseOutput },
  resume: { whole: resumeOutput },
  doctor: { whole: doctorOutput },
  clean: { whole: cleanOutput },
  backup: { whole: backupOutput },
  open: { whole: openOutput },
};
