import type { FileReply } from '../../api/reply-types.ts';
import { Icon } from '../../components/icon.tsx';
import { Moment } from '../../components/moment.tsx';
import { useNow } from '../../state/use-now.ts';
import { timelineSteps } from './timeline-steps.ts';

const REFRESH_MS = 5000;

export function Timeline({ file }: { readonly file: FileReply }) {
  const now = useNow(REFRESH_MS);
  return (
    <section class="card" aria-labelledby="timeline-title">
      <h2 id="timeline-title">Timeline</h2>
      <ol class="timeline">
        {timelineSteps(file).map(({ title, icon, tone, at, took }) => (
          <li key={title} class={`timeline-step tone-${tone} ${at === undefined ? 'to-come' : ''}`}>
            <Icon name={icon} />
            <div>
              <p class="timeline-title">{title}</p>
              <p class="muted small">
                {at === undefined ? 'not yet' : <Moment instant={at} now={now} />}
                {took === undefined ? null : ` · ${took}`}
              </p>
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}
