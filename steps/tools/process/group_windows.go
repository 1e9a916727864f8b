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

// OwnGroup makes a command run in a process group of its own. Ctrl-C in the console then
// reaches only the tool, which stops what it has started; and what the command starts itself
// is killed when it exits. The system kills them all should the tool be killed.
func OwnGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// Interrupt does what Ctrl-Break in its console does, which Go's os/signal calls
// os.Interrupt too. The process must have a group of its own and share this one's console:
// it is an error where there is none. It does not wait for the exit.
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

// groupKiller puts a command that has been started, if it has a group of its own, into a job
// with all that it starts from now on, and returns a function that kills what is in it. Closing
// the last handle does that, and so does the end of this process, whatever its cause.
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
