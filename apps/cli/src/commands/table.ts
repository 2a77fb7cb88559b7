import { PRIORITIES } from "@tac8/core/domain/priority";
import { ISSUE_STATES } from "@tac8/core/domain/states";
import type { CommandSpec } from "../context/program.ts";

/** How the argument `<issue>` is written. */
const ISSUE = "<issue> is 471, owner/repo#471 or the URL of the issue.";

/** Every command of `tac8`, in the order of the help. The module of a command is loaded only when the command runs. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    usage: "up",
    summary: "start Redis, scheduler, runner and board; without a configuration, run the demo",
    details: "Restarts an app that ends. Ctrl-C stops everything.",
    options: [
      {
        flags: "--only <apps>",
        description: "start only these apps, such as scheduler,board; needs REDIS_URL",
      },
    ],
    load: async () => (await import("./up.ts")).up,
  },
  {
    usage: "demo",
    summary: "run a demo with a local GitHub and a scripted agent; needs no account",
    options: [],
    load: async () => (await import("./demo.ts")).demo,
  },
  {
    usage: "init",
    summary: "create config.toml and the labels on GitHub, and check the installation",
    options: [
      { flags: "--repo <owner/name>", description: "repository to work on" },
      { flags: "--app", description: "create a GitHub App in your browser and use it (recommended)" },
      { flags: "--token-file <file>", description: "file that contains a GitHub token, to use instead of an App" },
      { flags: "--api-url <url>", description: "API URL of a GitHub Enterprise Server: https://HOST/api/v3" },
      { flags: "--force", description: "overwrite an existing config.toml; a copy of it is kept" },
      { flags: "--yes", description: "do not ask questions" },
    ],
    load: async () => (await import("./init.ts")).init,
  },
  {
    usage: "doctor",
    summary: "check this machine, Redis, GitHub and the agent, and list the problems to fix",
    options: [
      { flags: "--fix", description: "create missing labels and folders" },
      {
        flags: "--agent",
        description: "also send the agent a one-word prompt, to check its sign-in (costs a little)",
      },
      { flags: "--notify", description: "also send a test message to every configured notification target" },
      { flags: "--json", description: "print JSON" },
    ],
    load: async () => (await import("./doctor.ts")).doctor,
  },
  {
    usage: "status",
    summary: "show health, runners, queue, results, cost and recent events",
    details:
      "Also shows holds: reasons why no new work starts. Exit code 0: ok or warning, 3: degraded, 4: critical, 1: Redis is unreachable.",
    options: [{ flags: "--json", description: "print JSON" }],
    load: async () => (await import("./status.ts")).status,
  },
  {
    usage: "monitor",
    summary: "show the same as tac8 status, live on the full screen; press q to quit",
    options: [],
    load: async () => (await import("./monitor.ts")).monitor,
  },
  {
    usage: "open",
    summary: "print a one-time link that signs you in to the board",
    options: [{ flags: "--json", description: "print JSON" }],
    load: async () => (await import("./open.ts")).open,
  },
  {
    usage: "list",
    summary: "list the issues and their states",
    options: [
      {
        flags: "--state <state...>",
        description:
          "only issues in these states. parked: waits without using an attempt. pr: has its pull request. answered: needed no change, the answer is a comment. cancelled: closed after a run began, or its label removed while it waited for another run. withdrawn: closed or its label removed before its first run, or its label was left from an earlier round. expired: got no reply or permission in time",
        choices: ISSUE_STATES,
      },
      { flags: "--json", description: "print JSON" },
    ],
    load: async () => (await import("./list.ts")).list,
  },
  {
    usage: "view <issue>",
    summary: "show what the agent of an issue said and did",
    details: `${ISSUE} Shows the latest agent run, unless --run selects another one.`,
    options: [
      { flags: "--follow", description: "follow the run until it ends; Ctrl-C stops following" },
      {
        flags: "--detailed",
        description: "show tool inputs and results in full; needs the run's log on this machine",
      },
      { flags: "--run <n>", description: "show agent run n; the first is 1" },
      { flags: "--json", description: "print JSON; with --follow, one object per line" },
    ],
    load: async () => (await import("./view.ts")).view,
  },
  {
    usage: "why <issue>",
    summary: "explain why an issue is not running, is not done, or ran again",
    details: `${ISSUE} Prints a short answer, then every rule that was checked, with its evidence.`,
    options: [{ flags: "--json", description: "print JSON" }],
    load: async () => (await import("./why.ts")).why,
  },
  {
    usage: "add <issue>",
    summary: "label an issue on GitHub, so that work on it starts",
    details: ISSUE,
    options: [
      { flags: "--priority <priority>", description: "also add the label of this priority", choices: PRIORITIES },
      { flags: "--json", description: "print JSON" },
    ],
    load: async () => (await import("./add.ts")).add,
  },
  {
    usage: "retry [issue]",
    summary: "start an ended issue again, or end the delay of a waiting one",
    details: ISSUE,
    options: [
      {
        flags: "--failed",
        description: "retry every failed issue, except those that need a new label (untrusted, edited)",
      },
      { flags: "--json", description: "print JSON" },
    ],
    load: async () => (await import("./retry.ts")).retry,
  },
  {
    usage: "stop <issue>",
    summary: "stop the work on an issue, and save it to the issue's branch",
    details: `${ISSUE} Interrupts the agent, commits, pushes and comments, and waits until this is done.`,
    options: [
      {
        flags: "--now",
        description: "kill the agent instead of interrupting it; its work is still saved",
      },
      { flags: "--reason <text>", description: "reason, shown in the comment on the issue" },
      { flags: "--no-wait", description: "do not wait until the work has stopped" },
      { flags: "--timeout <seconds>", description: "how long to wait", initial: "300" },
      { flags: "--json", description: "print JSON" },
    ],
    load: async () => (await import("./stop.ts")).stop,
  },
  {
    usage: "pause",
    summary: "stop new work from starting, until tac8 resume; running agents continue",
    details: "Without --runner, pauses all machines.",
    options: [
      {
        flags: "--runner <name>",
        description:
          "one runner with all of its slots: its name in tac8 status, its host name, or one of its slots (HOST/0, HOST/1 …)",
      },
      { flags: "--reason <text>", description: "reason, shown by tac8 status" },
      { flags: "--json", description: "print JSON" },
    ],
    load: async () => (await import("./pause.ts")).pause,
  },
  {
    usage: "resume [hold]",
    summary: "end a pause, or a hold whose cause is fixed",
    details:
      "Without an argument, ends the pause of the whole queue. With the name of a hold, such as auth, ends that hold. tac8 status lists the holds.",
    options: [
      { flags: "--runner <name>", description: "end only the pause of this runner" },
      { flags: "--json", description: "print JSON" },
    ],
    load: async () => (await import("./resume.ts")).resume,
  },
  {
    usage: "report",
    summary: "show success rate, times, failures, tokens and cost",
    options: [
      {
        flags: "--since <time>",
        description: "start of the period: 12h, 7d, 2w or a date such as 2026-11-25",
        initial: "7d",
      },
      { flags: "--markdown", description: "print Markdown, to paste into an issue" },
      { flags: "--json", description: "print JSON" },
    ],
    load: async () => (await import("./report.ts")).report,
  },
  {
    usage: "timeline [issue]",
    summary: "show the event log of all issues or of one issue, newest last",
    options: [
      { flags: "--since <time>", description: "start of the period: 30m, 12h, 7d, 2w or a date such as 2026-11-25" },
      { flags: "--limit <number>", description: "number of events to show", initial: "100" },
      { flags: "--follow", description: "follow new events until Ctrl-C" },
      { flags: "--json", description: "print JSON" },
    ],
    load: async () => (await import("./timeline.ts")).timeline,
  },
  {
    usage: "service <action>",
    summary: "install or uninstall a systemd service of this user that runs tac8 up",
    details: "Needs no root. This service is separate from the services that deploy/install.sh installs.",
    choices: ["install", "uninstall"],
    options: [],
    load: async () => (await import("./service.ts")).service,
  },
  {
    usage: "share [name]",
    summary: "let another machine join this tac8",
    details:
      "Opens this machine's Redis, with TLS, to the other machine, and prints the command to run there. You choose the name. Without a name: changes --address or --port, or lists the machines.",
    options: [
      {
        flags: "--address <address>",
        description: "address of this machine to listen on (default: its only private address)",
      },
      { flags: "--port <port>", description: "port to listen on (default: 6380)" },
      { flags: "--renew", description: "create a new token for a machine that already has one" },
    ],
    load: async () => (await import("./share.ts")).share,
  },
  {
    usage: "join [address]",
    summary: "make this machine a runner of the tac8 on another machine",
    details: "Needs the address and the token that tac8 share printed on the other machine.",
    options: [
      { flags: "--service", description: "also start the runner, as a systemd service of this user" },
      { flags: "--leave", description: "leave the other machine's tac8" },
    ],
    load: async () => (await import("./join.ts")).join,
  },
  {
    usage: "unshare [name]",
    summary: "revoke the access that tac8 share gave to a machine",
    options: [{ flags: "--all", description: "revoke the access of all machines, and stop listening" }],
    load: async () => (await import("./unshare.ts")).unshare,
  },
  {
    usage: "logs",
    summary: "show the log lines of scheduler, runner and board on this machine",
    options: [
      { flags: "-f, --follow", description: "follow new lines until Ctrl-C" },
      {
        flags: "--runner",
        description: "only the log lines of the runner",
      },
    ],
    load: async () => (await import("./logs.ts")).logs,
  },
  {
    usage: "move-data [folder]",
    summary: "move the data folder to its default location, or to another folder",
    details: "tac8 must be stopped.",
    options: [],
    load: async () => (await import("./moveData.ts")).moveData,
  },
  {
    usage: "backup [file]",
    summary: "write everything that a new machine needs, except secrets, to a file",
    details:
      "The backup contains Redis, the configuration, sessions, and work that may not be on GitHub. Redis must be running. tac8 can continue to work.",
    options: [{ flags: "--json", description: "print JSON" }],
    load: async () => (await import("./backup.ts")).backup,
  },
  {
    usage: "restore <file>",
    summary: "restore a backup on a machine without data of tac8",
    details: "tac8 must be stopped.",
    options: [
      {
        flags: "--force",
        description: "replace existing data; the old files are kept in before-restore-… in the data folder",
      },
    ],
    load: async () => (await import("./restore.ts")).restore,
  },
  {
    usage: "clean",
    summary: "remove old workspaces, sessions and logs of ended issues now",
    details: "The runner does the same every hour.",
    options: [
      { flags: "--dry-run", description: "only show what would be removed" },
      { flags: "--json", description: "print JSON" },
    ],
    load: async () => (await import("./clean.ts")).clean,
  },
];
