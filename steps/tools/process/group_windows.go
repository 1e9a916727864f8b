package process

import (
	"os/exec"
	"sync"
	"syscall"
	"unsafe"
)

var (
	kernel32          = syscall.NewLazyDLL("kernel32.dll")
	consoleCtrlEvent  = kernel32.NewProc("GenerateConsoleCtrlEvent")
	createJob         = kernel32.NewProc("CreateJobObjectW")
	setJobInformation = kernel32.NewProc("SetInformationJobObject")
	assignToJob       = kernel32.NewProc("AssignProcessToJobObject")
)

// OwnGroup makes a command run in its own process group. Ctrl-C in the console then reaches only the
// tool, which stops the processes that it has started; and the command's own children are killed when
// it exits. The system kills them all if the tool is killed.
func OwnGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// Interrupt does what Ctrl-Break in the process's console does, which Go's os/signal also calls
// os.Interrupt. The process must have its own group and share this one's console; without a console,
// Interrupt fails. It does not wait for the exit.
func (p *Program) Interrupt() error {
	if ok, _, err := consoleCtrlEvent.Call(syscall.CTRL_BREAK_EVENT, uintptr(p.Cmd.Process.Pid)); ok == 0 {
		return err
	}
	return nil
}

// jobLimits is JOBOBJECT_EXTENDED_LIMIT_INFORMATION of the Windows API.
type jobLimits struct {
	perProcessTime, perJobTime               int64
	flags                                    uint32
	minWorkingSet, maxWorkingSet             uintptr
	activeProcesses                          uint32
	affinity                                 uintptr
	priorityClass, schedulingClass           uint32
	ioCounters                               [6]uint64
	processMemory, jobMemory                 uintptr
	peakProcessMemoryUsed, peakJobMemoryUsed uintptr
}

// groupKiller puts a started command that has its own group into a job, together with everything that
// it starts from now on, and returns a function that kills the job's processes. Closing the last handle
// kills them, and so does the end of this process, whatever its cause.
func groupKiller(cmd *exec.Cmd) func() {
	const (
		extendedLimits       = 9      // JobObjectExtendedLimitInformation
		killOnClose          = 0x2000 // JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
		setQuotaAndTerminate = 0x0101 // PROCESS_SET_QUOTA | PROCESS_TERMINATE
	)
	if cmd.SysProcAttr == nil || cmd.SysProcAttr.CreationFlags&syscall.CREATE_NEW_PROCESS_GROUP == 0 {
		return func() {}
	}
	job, _, _ := createJob.Call(0, 0)
	limits := jobLimits{flags: killOnClose}
	setJobInformation.Call(job, extendedLimits, uintptr(unsafe.Pointer(&limits)), unsafe.Sizeof(limits))
	if process, err := syscall.OpenProcess(setQuotaAndTerminate, false, uint32(cmd.Process.Pid)); err == nil {
		assignToJob.Call(job, uintptr(process))
		syscall.CloseHandle(process)
	}
	return sync.OnceFunc(func() { syscall.CloseHandle(syscall.Handle(job)) })
}
