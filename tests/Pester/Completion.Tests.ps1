# What Tab offers: at once, quoted, with a tooltip, and without asking a registry.
BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')

    function Complete([string] $Line) { (TabExpansion2 $Line $Line.Length).CompletionMatches }
}

Describe 'Completion' {
    It 'offers transports' {
        $found = Complete 'Get-ImageLayer o'
        $found.ListItemText | Should -Contain 'oci:'
        $found.ListItemText | Should -Contain 'oci-archive:'
        $found.ListItemText | Should -Not -Contain 'docker-archive:'
        foreach ($one in $found) { $one.ToolTip | Should -Not -Be $one.CompletionText }
    }

    It 'offers names that were used, the last one first' {
        $null = foreach ($name in "oci:$($World.Sample):1.0", "oci:$($World.Sample)") { Get-ImageDigest $name }
        $null = Get-ImageDigest "oci:$($World.Sample):none" -ErrorAction SilentlyContinue
        $used = (Complete 'Get-ImageConfig ').Where{ $_.ToolTip -eq 'used in this session' }.ListItemText
        $used[0..1] | Should -BeExactly "oci:$($World.Sample)", "oci:$($World.Sample):1.0"
        $used | Should -Not -Contain "oci:$($World.Sample):none"
        (Complete "Compare-Image oci:$($World.Sample):1").ListItemText | Should -Contain "oci:$($World.Sample):1.0"
        $copy = "oci:$(Join-Path $World.Folder ([guid]::NewGuid().ToString('N'))):copied"
        $null = Copy-Image "oci:$($World.Sample):1.0" $copy -WhatIf
        (Complete 'Get-ImageConfig ').ListItemText | Should -Not -Contain $copy
        $null = Copy-Image "oci:$($World.Sample):1.0" $copy
        (Complete 'Get-ImageConfig ').ListItemText | Should -Contain $copy
    }

    It 'offers layouts, what is in them, and archives, relative to the location' {
        $folder = Join-Path $World.Folder 'a folder' ([guid]::NewGuid().ToString('N'))
        $null = New-Item -ItemType Directory $folder
        Copy-Item -Recurse $World.Sample (Join-Path $folder 'images')
        $null = Add-ImageTag "oci:$folder/images:1.0" -Tag latest
        Copy-Item -Recurse (Join-Path $folder 'images') (Join-Path $folder 'more images')
        $null = New-Item (Join-Path $folder 'app.tar'), (Join-Path $folder 'note.txt')
        Push-Location $folder
        try {
            (Complete 'Get-ImageFile oci:im').CompletionText | Should -Contain 'oci:images'
            (Complete 'Get-ImageFile oci:./im').CompletionText | Should -Contain 'oci:./images:1.0'
            (Complete 'Get-ImageFile oci:images:l').CompletionText | Should -Be 'oci:images:latest'
            (Complete 'Get-ImageFile oci:more').CompletionText | Should -Contain "'oci:more images:1.0'"
            (Complete "Get-ImageFile 'oci:more images:l").CompletionText | Should -Be "'oci:more images:latest'"
            (Complete 'Get-ImageFile "oci:more images:l').CompletionText | Should -Be '"oci:more images:latest"'
            (Complete 'Get-ImageFile docker-archive:').CompletionText | Should -Contain 'docker-archive:app.tar'
            (Complete 'Get-ImageFile oci-archive:').ListItemText | Should -Not -Match 'note'
            (Complete "Copy-Image x 'oci:$folder/im").ListItemText | Should -Contain "oci:$folder/images:latest"
        }
        finally { Pop-Location }
    }

    It 'quotes what PowerShell would take for something else' {
        $folder = Join-Path $World.Folder ([guid]::NewGuid().ToString('N'))
        foreach ($name in 'it''s', 'a$b', 'a;b', 'a&b', 'a`b', '(a)', 'a,b') {
            $null = New-Item -ItemType Directory (Join-Path $folder $name)
            Copy-Item -Recurse "$($World.Sample)/*" (Join-Path $folder $name)
        }
        $found = (Complete "Get-ImageDigest oci:$folder/").Where{ $_.ToolTip -match '^the image 1.0' }
        $found.Count | Should -Be 7
        foreach ($one in $found) { (& ([scriptblock]::Create("Get-ImageDigest $($one.CompletionText)"))).Digest | Should -Not -BeNullOrEmpty -Because $one.CompletionText }
        foreach ($one in $found) {
            $text = '"' + ($one.ListItemText -replace '[`$"]', '`$0')
            (Complete "Get-ImageDigest $text").CompletionText.ForEach{ & ([scriptblock]::Create("Get-ImageDigest $_")) }.Digest | Should -Not -BeNullOrEmpty
        }
    }

    It 'runs nothing of a name in a hostile layout, and shows no commands to the terminal' {
        $folder = (New-Item -ItemType Directory (Join-Path $World.Folder ([guid]::NewGuid().ToString('N')))).FullName
        Copy-Item -Recurse $World.Sample "$folder/images"
        $index = Get-Content -Raw "$folder/images/index.json" | ConvertFrom-Json -AsHashtable
        $marker = "$folder/ran"
        $entry = $index.manifests[0]
        $names = "`$(New-Item $marker)", "x'; New-Item $marker #", "x`u{2019}; New-Item $marker #", "x`u{201D}; New-Item $marker #", "x`"; New-Item $marker #", "x``n; New-Item $marker", "`u{2013}Force", "x`u{2003}y", "x`u{1B}[2J", "x`ny", "x`u{202E}y"
        $index.manifests = @(foreach ($name in $names) {
                $one = $entry.Clone()
                $one.annotations = @{ 'org.opencontainers.image.ref.name' = $name }
                $one
            })
        ConvertTo-Json $index -Depth 9 | Set-Content "$folder/images/index.json"
        foreach ($quote in '', "'", '"') {
            $found = (Complete "Get-ImageDigest ${quote}oci:$folder/images:").Where{ $_.ToolTip -match 'of this layout' }
            $found.Count | Should -Be 8
            foreach ($one in $found) {
                $one.ListItemText | Should -Not -Match '[\p{Cc}\p{Cf}]'
                $arguments = & ([scriptblock]::Create("function Give { `$args }; Give $($one.CompletionText)"))
                $arguments | Should -BeExactly $one.ListItemText
            }
        }
        $marker | Should -Not -Exist
    }

    It 'finds what was begun in a folder of many files' {
        $folder = (New-Item -ItemType Directory (Join-Path $World.Folder ([guid]::NewGuid().ToString('N')))).FullName
        foreach ($i in 1..2500) { $null = [IO.Directory]::CreateDirectory("$folder/d$i") }
        foreach ($name in 'x', 'y', 'z') {
            Copy-Item -Recurse $World.Sample "$folder/$name"
            (Complete "Get-ImageDigest oci:$folder/$name").ListItemText | Should -Contain "oci:$folder/${name}:1.0"
        }
        (Complete "Get-ImageDigest oci:$folder/").Count | Should -BeGreaterThan 900
    }

    It 'offers no name that cannot be written' {
        if (-not $IsLinux) { Set-ItResult -Skipped -Because 'other systems have no such names'; return }
        $folder = (New-Item -ItemType Directory (Join-Path $World.Folder ([guid]::NewGuid().ToString('N')))).FullName
        # PowerShell itself takes the backslash for a separator
        bash -c 'for name in a:b "a\b" "$(printf "a\xff")" ab; do cp -r "$1" "$0/$name"; done' $folder $World.Sample
        [IO.Directory]::GetDirectories($folder).Count | Should -Be 4
        foreach ($text in "oci:$folder/a", "$folder/a") { (Complete "Get-ImageDigest $text").ListItemText | Sort-Object -Unique | Should -Be "${text}b", "${text}b:1.0" }
    }

    It 'offers images of the engine' {
        Skip-Without Docker, AppId
        (Complete 'Get-ImageLayer docker-daemon:fixture/a').ListItemText | Should -Contain 'docker-daemon:fixture/app:1.0'
        (Complete 'Get-ImageLayer fixture/a').Where{ $_.ListItemText -eq 'fixture/app:1.0' }.ToolTip | Should -Match '^in the registry'
    }

    It 'does not wait for an engine that says nothing, and asks none that is elsewhere' {
        $before = $env:DOCKER_HOST
        $listener = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
        $socket = Join-Path ([IO.Path]::GetTempPath()) "s$PID.sock"
        $silent = [Net.Sockets.Socket]::new('Unix', 'Stream', 'Unspecified')
        try {
            $silent.Bind([Net.Sockets.UnixDomainSocketEndPoint]::new($socket))
            $silent.Listen(8)
            $env:DOCKER_HOST = "unix://$socket"
            Start-Sleep 2.5 # what was asked before counts no longer
            $watch = [Diagnostics.Stopwatch]::StartNew()
            $null = Complete 'Get-ImageLayer docker-daemon:'
            $watch.ElapsedMilliseconds | Should -BeLessThan 1000
            $listener.Start()
            $env:DOCKER_HOST = "tcp://$($listener.LocalEndpoint)"
            $null = Complete 'Get-ImageLayer docker-daemon:'
            $listener.Pending() | Should -BeFalse
        }
        finally {
            $env:DOCKER_HOST = $before
            $listener.Stop()
            $silent.Dispose()
            Remove-Item $socket -ErrorAction Ignore
        }
    }

    It 'offers tags that were listed, and asks no registry for others' {
        Skip-Without Registry, App
        $name = "$($World.Registry)/fixture/app"
        (Complete "Get-ImageDigest ${name}:").Where{ $_.ToolTip -match '^a tag' } | Should -BeNullOrEmpty -Because 'nobody has asked for the tags yet'
        $tags = (Get-ImageTag $name).Tag
        $tags.Count | Should -BeGreaterThan 1
        (Complete "Get-ImageDigest ${name}:").Where{ $_.ToolTip -match '^a tag' }.ListItemText | Should -Be @($tags.ForEach{ "${name}:$_" } | Sort-Object { $_ })
        (Complete "Add-ImageTag $name -Tag ").ListItemText | Sort-Object | Should -Be @($tags | Sort-Object)
        (Complete 'Connect-ImageRegistry 127').ListItemText | Should -Contain $World.Registry
    }

    It 'knows all tags of a list of which only some were wanted' {
        Skip-Without Registry
        $name = "$($World.Registry)/fixture/multi"
        $null = Get-ImageTag $name none*
        (Complete "Get-ImageDigest ${name}:").ListItemText | Should -Contain "${name}:1.0"
        (Complete "Get-ImageTag docker://$name -Tag ").ListItemText | Should -Contain '1.0'
    }

    It 'offers platforms and layers' {
        (Complete 'Get-ImageConfig x -Platform linux/arm6').CompletionText | Should -Be 'linux/arm64', 'linux/arm64/v8'
        $image = "oci:$($World.Sample):1.0"
        $layers = @(Get-ImageLayer $image -Platform linux/amd64)
        $found = @(Complete "Get-LayerSize $image -Layer ")
        $found.CompletionText | Should -Be $layers.Layer
        $found[0].ToolTip | Should -Match "^$($layers[0].Size) bytes"
        Push-Location (Split-Path $World.Sample)
        try {
            $leaf = Split-Path -Leaf $World.Sample
            (Complete "Get-LayerSize oci:./${leaf}:1.0 -Layer ").CompletionText | Should -Be $layers.Layer -Because 'it is the same image'
            $null = Get-ImageLayer -LiteralPath $leaf -Platform linux/arm64
            (Complete "Get-LayerSize -LiteralPath './$leaf' -Layer ").CompletionText | Should -Be $layers.Layer
        }
        finally { Pop-Location }
    }

    It 'goes on with a path' {
        $folder = (New-Item -ItemType Directory (Join-Path $World.Folder ([guid]::NewGuid().ToString('N')))).FullName
        Copy-Item -Recurse $World.Sample (Join-Path $folder 'images')
        $null = New-Item -ItemType Directory (Join-Path $folder 'inner'), (Join-Path $folder 'inner' 'more')
        $null = New-Item (Join-Path $folder 'intact.tar.gz'), (Join-Path $folder 'index.txt')
        Push-Location (Join-Path $folder 'inner')
        try {
            (Complete "Get-ImageLayer $folder/i").CompletionText | Should -BeExactly "$folder/images", "$folder/images:1.0", "$folder/inner/", "$folder/intact.tar.gz"
            (Complete 'Get-ImageLayer ../im').CompletionText | Should -BeExactly '../images', '../images:1.0'
            (Complete 'Get-ImageLayer ../images:').CompletionText | Should -BeExactly '../images:1.0'
            (Complete 'Copy-Image nginx ./').CompletionText | Should -BeExactly './more/'
            foreach ($one in Complete 'Get-ImageLayer ../i') { $one.ToolTip | Should -Not -Be $one.CompletionText }
        }
        finally { Pop-Location }
    }

    It 'offers registries that a login is known for, without asking a helper' {
        $before = $env:DOCKER_CONFIG
        $env:DOCKER_CONFIG = (New-Item -ItemType Directory (Join-Path $World.Folder ([guid]::NewGuid().ToString('N')))).FullName
        try {
            Set-Content (Join-Path $env:DOCKER_CONFIG 'config.json') '{"auths":{"registry.example.com":{"auth":"YTpi"},"https://index.docker.io/v1/":{}},"credHelpers":{"other.example.com":"no-such-helper"}}'
            $found = (Complete 'Disconnect-ImageRegistry ').ListItemText
            foreach ($name in 'registry.example.com', 'docker.io', 'other.example.com') { $found | Should -Contain $name }
            Set-Content (Join-Path $env:DOCKER_CONFIG 'config.json') '{"auths":'
            { Complete 'Disconnect-ImageRegistry ' } | Should -Not -Throw
        }
        finally { $env:DOCKER_CONFIG = $before }
    }
}
