"""Instances that somebody watches."""

from dianheng.common.actor import Actor
from dianheng.identity.selectors import rights_of
from dianheng.identity.services import write_batch

from ..models import ProcessInstance, ProcessWatch
from ..selectors import visible_instance


def instance_watch(*, instance: ProcessInstance, is_on: bool, actor: Actor) -> None:
    """Watch an instance, or do so no longer; watching it again, what is known is no news.

    Raises:
        NotFound: the person may not see it.
    """
    found = visible_instance(instance.number, actor.person_id, rights_of(actor.person_id))
    with write_batch(actor=actor, action="process.watch") as batch:
        mine = ProcessWatch.objects.filter(instance=found, person_id=actor.person_id)
        if is_on:
            ProcessWatch.objects.update_or_create(
                instance=found, person_id=actor.person_id, defaults={"since": batch.at}
            )
        else:
            mine.delete()
