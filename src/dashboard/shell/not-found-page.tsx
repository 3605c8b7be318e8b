import { EmptyState } from '../components/empty-state.tsx';
import { PageHead } from '../components/page-head.tsx';

export function NotFoundPage() {
  return (
    <>
      <PageHead title="There is no such page" />
      <EmptyState icon="search" title="Nothing is at this address">
        <a href="#/">All files</a> and <a href="#/analytics">analytics</a> are.
      </EmptyState>
    </>
  );
}
