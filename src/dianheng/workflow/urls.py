from django.urls import path

from .views import duties, figures, packs, processes, work

urlpatterns = [
    path("work/", work.todo, name="work"),
    path("work/decide/", work.decide, name="work_decide"),
    path("processes/", processes.instance_list, name="processes"),
    path("processes/start/", processes.catalogue, name="process_catalogue"),
    path("processes/start/<str:code>/", processes.start, name="process_start"),
    path("processes/packs/", packs.pack_list, name="packs"),
    path("processes/packs/new/", packs.pack_new, name="pack_new"),
    path("processes/packs/<str:code>/", packs.pack, name="pack"),
    path("processes/packs/<str:code>/diagram.bpmn", packs.diagram, name="pack_diagram"),
    path("processes/packs/<str:code>/force/<int:version>/", packs.force, name="pack_force"),
    path("processes/packs/<str:code>/switch/", packs.switch, name="pack_switch"),
    path("processes/packs/<str:code>/lane/", packs.lane, name="pack_lane"),
    path("processes/figures/", figures.figures, name="process_figures"),
    path("processes/duties/", duties.path_list, name="duties"),
    path("processes/duties/rights/<str:key>/", duties.wide, name="duty_wide"),
    path("processes/duties/<str:person_no>/<str:key>/", duties.path, name="duty_path"),
    path("processes/<str:number>/", processes.instance, name="process"),
    path("processes/<str:number>/note/", processes.note, name="process_note"),
    path("processes/<str:number>/watch/", processes.watch, name="process_watch"),
    path("processes/<str:number>/withdraw/", processes.withdraw, name="process_withdraw"),
    path("processes/<str:number>/suspend/", processes.suspend, name="process_suspend"),
    path("processes/<str:number>/<int:key>/", processes.form, name="task_form"),
    path("processes/<str:number>/<int:key>/claim/", processes.claim, name="task_claim"),
    path("processes/<str:number>/<int:key>/release/", processes.release, name="task_release"),
    path("processes/<str:number>/<int:key>/back/", processes.send_back, name="task_back"),
    path("processes/<str:number>/<int:key>/ask/", processes.ask, name="task_ask"),
    path("processes/<str:number>/<int:key>/urge/", processes.urge, name="task_urge"),
]
