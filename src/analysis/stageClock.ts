import type { Progress } from '../report/protocol';
import type { RunSummary, Stage } from '../report/report';

/** Times the stages of one run and passes progress on. */
export class StageClock {
  private readonly startedAt = new Date();
  private readonly started = performance.now();
  private readonly stages: { stage: Stage; milliseconds: number }[] = [];
  private entered = this.started;
  private current: Stage | null = null;

  constructor(private readonly onProgress: (progress: Progress) => void) {}

  enter(stage: Stage): void {
    this.leave();
    this.current = stage;
    this.onProgress({ stage, done: null, detail: null });
  }

  report(progress: Progress): void {
    if (progress.stage !== this.current) {
      this.leave();
      this.current = progress.stage;
    }
    this.onProgress(progress);
  }

  summary(): RunSummary {
    this.leave();
    return {
      startedAt: this.startedAt.toISOString(),
      milliseconds: Math.round(performance.now() - this.started),
      stages: this.stages.map(({ stage, milliseconds }) => ({ stage, milliseconds: Math.round(milliseconds) })),
    };
  }

  /** Books the time since the last change on the current stage; a stage may be entered again. */
  private leave(): void {
    const now = performance.now();
    if (this.current !== null) {
      const known = this.stages.find(({ stage }) => stage === this.current);
      if (known) known.milliseconds += now - this.entered;
      else this.stages.push({ stage: this.current, milliseconds: now - this.entered });
    }
    this.entered = now;
  }
}
