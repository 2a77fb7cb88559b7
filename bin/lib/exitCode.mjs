/**
 * Exit code of a start that cannot succeed until an operator fixes something (EX_CONFIG of sysexits.h). A service manager does not
 * restart the program: `RestartPreventExitStatus=78`. A temporary problem has exit code 1.
 */
export const EXIT_CONFIG = 78;
