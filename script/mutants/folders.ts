// Folders of the sources, as mutants name them.
export const CORE = "packages/core/src";
export const RUNNER = "apps/runner/src";
export const EGRESS = `${RUNNER}/egress`;
export const EXIT = `${RUNNER}/exit`;
export const CLI = "apps/cli/src";
export const ACCESS = "apps/board/src/access";
export const SCHEDULER = "apps/scheduler/src";
