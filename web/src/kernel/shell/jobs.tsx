import { problemText } from "../api/problem-text";
import { useText } from "../i18n/area";
import { kernelText } from "../i18n/kernel";
import { Badge, ErrorState, Flyout, IconButton, ListChecks, Progress, Skeleton, toast, X } from "../kit";
import { cancelJob, isActive, type Job, useJobs } from "../live/jobs";

const MOST_SHOWN = 12;
const TONES = {
  completed: "ok",
  failed: "bad",
  queued: undefined,
  running: "info",
  cancelled: undefined,
} as const;

/** Everything long in one place: what runs, how far it is, how it ended. */
export function JobsButton() {
  const t = useText(kernelText);
  const jobs = useJobs();
  const running = jobs.data?.filter(isActive).length ?? 0;
  return (
    <Flyout
      label={t.jobs.title}
      trigger={(button) => (
        <IconButton {...button} icon={ListChecks} label={t.jobs.button(running)}>
          {running > 0 && (
            <span className="count" aria-hidden>
              {running}
            </span>
          )}
        </IconButton>
      )}
    >
      {() => (
        <>
          <h2>{t.jobs.title}</h2>
          {jobs.isPending && <Skeleton />}
          {jobs.isError && !jobs.data && <ErrorState error={jobs.error} retry={jobs.refetch} />}
          {jobs.data?.length === 0 && <p className="meta jobs-none">{t.jobs.none}</p>}
          <ul className="jobs">
            {inOrder(jobs.data ?? []).map((job) => (
              <JobRow key={job.id} job={job} />
            ))}
          </ul>
        </>
      )}
    </Flyout>
  );
}

function JobRow({ job }: { job: Job }) {
  const t = useText(kernelText);
  const name = useJobName(job);
  const cancel = () =>
    cancelJob(job.id).then(
      () => toast(t.jobs.cancelled),
      (error) => toast({ text: problemText(error, t.problem), tone: "bad" }),
    );
  return (
    <li className="job">
      <span className="grow truncate">{name}</span>
      {isActive(job) ? (
        <IconButton icon={X} size={18} label={t.jobs.cancel(name)} onClick={() => void cancel()} />
      ) : (
        <Badge tone={TONES[job.status]}>{t.jobs.status[job.status] ?? job.status}</Badge>
      )}
      {(job.error || job.message) && <p className="meta job-note">{job.error || job.message}</p>}
      {isActive(job) && (
        <Progress
          className="job-note"
          label={name}
          value={job.status === "queued" || job.progress === 0 ? undefined : job.progress / 100}
        />
      )}
    </li>
  );
}

function useJobName(job: Job): string {
  const kinds: Record<string, string> = useText(kernelText).jobs.kinds;
  return kinds[job.kind] ?? job.kind.replace(/[._-]+/g, " ");
}

function inOrder(jobs: readonly Job[]): Job[] {
  return [...jobs.filter(isActive), ...jobs.filter((job) => !isActive(job))].slice(0, MOST_SHOWN);
}
