from django.urls import path

from . import views

urlpatterns = [
    path("work/", views.todo, name="work"),
    path("processes/", views.instance_list, name="processes"),
    path("processes/start/", views.catalogue, name="process_catalogue"),
    path("processes/start/<str:code>/", views.start, name="process_start"),
    path("processes/<str:number>/", views.instance, name="process"),
    path("processes/<str:number>/note/", views.note, name="process_note"),
    path("processes/<str:number>/withdraw/", views.withdraw, name="process_withdraw"),
    path("processes/<str:number>/suspend/", views.suspend, name="process_suspend"),
    path("processes/<str:number>/<int:key>/", views.form, name="task_form"),
    path("processes/<str:number>/<int:key>/claim/", views.claim, name="task_claim"),
    path("processes/<str:number>/<int:key>/release/", views.release, name="task_release"),
    path("processes/<str:number>/<int:key>/back/", views.send_back, name="task_back"),
    path("processes/<str:number>/<int:key>/urge/", views.urge, name="task_urge"),
]
