"""The verbs of uploads. What other features need stands here.

Whoever uses an upload up, in a job or not:

    ground = ground_of(site, actor=...)
    with used_up(token, by="batch 00000012", ground=ground) as upload:
        ...  # read upload.path as often as needed; then, once, where the file is to stay:
        put_into(upload, folder, name=..., mode=0o640, ground=ground)
"""

from rattail.features.uploads.ground import Ground as Ground
from rattail.features.uploads.ground import ground_of as ground_of
from rattail.features.uploads.service.find import all_uploads as all_uploads
from rattail.features.uploads.service.find import find_upload as find_upload
from rattail.features.uploads.service.find import find_whole_upload as find_whole_upload
from rattail.features.uploads.service.use import claim as claim
from rattail.features.uploads.service.use import move_into as move_into
from rattail.features.uploads.service.use import put_into as put_into
from rattail.features.uploads.service.use import release as release
from rattail.features.uploads.service.use import used_up as used_up
from rattail.features.uploads.upload import Upload as Upload
