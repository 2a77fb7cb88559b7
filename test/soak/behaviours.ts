/** Behaviour of an issue's agent, with the expected end of the issue and the allowed number of successful agent runs. */
export interface Behaviour {
  /** Issues of a hundred that have this behaviour, in addition to the one that every soak has. */
  readonly share: number;
  readonly end: "pr" | "answered" | "failed";
  readonly questions: 0 | 1;
  /** Successful agent runs that do not end the work: a question, or no change. */
  readonly spareEnds: number;
  /** Number of times that the label is added: the second time when the first pull request is open. */
  readonly rounds: 1 | 2;
  /** A step that is a fault in itself. */
  readonly nasty: boolean;
  script(facts: ScriptFacts): unknown;
}

interface ScriptFacts {
  readonly index: number;
  /** Folder for files that do not belong in the repository. */
  readonly dir: string;
}

/** Return steps that add a line to the issue's own file, commit it, and report the commit to the witness. */
function work({ index }: ScriptFacts, what: string): unknown[] {
  return [{ append: `work/${index}.txt`, text: `${what}\n` }, commit(what)];
}

const appendTo = ({ index }: ScriptFacts, text: string) => `mkdir -p work && echo ${text} >> work/${index}.txt`;

/** Commit, and note the patch id too: if other contributors' commits come first, tac8 replays the commit, which changes its hash. */
const commit = (what: string) => ({
  bash:
    `git add -A && git commit -q -m '${what}'; patch=$(git show HEAD | git patch-id --stable | cut -d ' ' -f 1); ` +
    `echo "$(git rev-parse HEAD) $patch $PWD" >> "$TAC8_WITNESS.commits"`,
});

const mark = (name: string) => ({ bash: `echo "${name} $PWD" >> "$TAC8_WITNESS.marks"` });

const done = { result: "Done." };

/** Return a step that a session fails at once: the next session starts the list again, and skips the step. */
function once(name: string, step: unknown): Behaviour["script"] {
  return (facts) => troubled(name, [{ once: `${facts.dir}/${name}-${facts.index}`, step }])(facts);
}

/** A plain list of steps: a resumed session continues after the last finished step. */
function troubled(name: string, trouble: readonly unknown[]): Behaviour["script"] {
  return (facts) => [...work(facts, "first"), mark(name), ...trouble, ...work(facts, "second"), done];
}

const slowly: Behaviour["script"] = (facts) => [
  ...work(facts, "one"),
  { wait: 1500 },
  ...work(facts, "two"),
  { wait: 1500 },
  done,
];

const plain = { end: "pr", questions: 0, spareEnds: 0, rounds: 1, nasty: true } as const;

export const BEHAVIOURS = {
  normal: { ...plain, share: 50, nasty: false, script: (facts) => [...work(facts, "all"), done] },
  slow: { ...plain, share: 20, nasty: false, script: slowly },
  again: { ...plain, share: 4, nasty: false, rounds: 2, script: slowly },
  uncommitted: {
    ...plain,
    share: 4,
    nasty: false,
    script: ({ index }) => [{ write: `work/${index}.txt`, text: "never committed\n" }, done],
  },
  crash: { ...plain, share: 4, script: troubled("crash", [{ crash: true }]) },
  hang: { ...plain, share: 2, script: troubled("hang", [{ hang: true }]) },
  deaf: { ...plain, share: 2, script: troubled("deaf", [{ ignoreTerm: true }, { hang: "deaf" }]) },
  daemon: { ...plain, share: 3, script: troubled("daemon", [{ daemon: true }]) },
  bareDaemon: { ...plain, share: 3, script: troubled("bareDaemon", [{ daemon: "bare" }]) },
  noResult: { ...plain, share: 4, script: troubled("noResult", [{ noResult: true }]) },
  flood: { ...plain, share: 1, script: troubled("flood", [{ output: 50_000_000 }]) },
  usageLimit: {
    ...plain,
    share: 2,
    script: troubled("usageLimit", [{ error: { status: 429, message: "Claude AI usage limit reached" } }]),
  },
  outage: { ...plain, share: 2, script: troubled("outage", [{ error: { status: 529, message: "Overloaded" } }]) },
  unreachable: {
    ...plain,
    share: 1,
    script: troubled("unreachable", [{ error: { status: null, message: "Connection refused" } }]),
  },
  refused: { ...plain, share: 2, script: once("refused", { refused: "refusal" }) },
  tooLong: { ...plain, share: 1, script: once("tooLong", { refused: "prompt_too_long" }) },
  question: {
    ...plain,
    share: 5,
    nasty: false,
    questions: 1,
    spareEnds: 1,
    // The same list for each message: one that was interrupted before its question was received asks it again.
    script: (facts) => {
      const prompt = `${facts.dir}/prompt-${facts.index}.txt`;
      const ask = "printf 'Which colour?' > BLOCKED.md";
      const answered = `${appendTo(facts, "answered")} && ${commit("answered").bash}`;
      // The prompt contains this script, which must not match itself.
      const choose = { bash: `if grep -q 'BEGIN [A]NSWER' '${prompt}'; then ${answered}; else ${ask}; fi` };
      return [[{ prompt }, choose, done]];
    },
  },
  silent: {
    ...plain,
    share: 2,
    spareEnds: 1,
    // Resumed once after a crash, it says nothing: as a success, with half of the work there.
    script: (facts) => {
      const at = (what: string, step: unknown) => ({ once: `${facts.dir}/${what}-${facts.index}`, step });
      return [
        at("silent", { bash: `${appendTo(facts, "first")} && ${commit("first").bash}` }),
        mark("silent"),
        at("silentCrash", { crash: true }),
        at("silentEnd", { nothing: true }),
        ...work(facts, "second"),
        done,
      ];
    },
  },
  answer: {
    ...plain,
    share: 2,
    nasty: false,
    end: "answered",
    script: () => [[{ say: "Let me check." }, { result: "Nothing needs a change." }]],
  },
  noChange: {
    ...plain,
    share: 1,
    nasty: false,
    end: "failed",
    spareEnds: 1,
    script: () => [[{ bash: "true" }, { result: "" }]],
  },
  // Its first turn leaves something for later; the second one does the rest.
  unfinished: {
    ...plain,
    share: 2,
    spareEnds: 1,
    script: (facts) => [
      ...work(facts, "first"),
      { tool: "ScheduleLater", input: { delaySeconds: 60 } },
      done,
      ...work(facts, "second"),
      done,
    ],
  },
  denied: {
    ...plain,
    share: 1,
    nasty: false,
    script: (facts) => [{ deny: "Bash", input: { command: "npm publish" } }, ...work(facts, "all"), done],
  },
  alwaysCrash: { ...plain, share: 2, end: "failed", script: () => [[mark("alwaysCrash"), { crash: true }]] },
} as const satisfies Record<string, Behaviour>;

export type BehaviourName = keyof typeof BEHAVIOURS;

export function behaviourOf(name: BehaviourName): Behaviour {
  return BEHAVIOURS[name];
}
