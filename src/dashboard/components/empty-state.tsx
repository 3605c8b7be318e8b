import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './icon.tsx';

/** Where there is nothing to show: says so, and what to do about it. */
export function EmptyState(props: {
  readonly icon: IconName;
  readonly title: string;
  readonly children?: ComponentChildren;
}) {
  return (
    <div class="empty-state">
      <Icon name={props.icon} />
      <p class="empty-title">{props.title}</p>
      <div class="empty-body">{props.children}</div>
    </div>
  );
}
